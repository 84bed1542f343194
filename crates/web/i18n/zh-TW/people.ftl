# 人員、院所知識、身分、輸注、看板
room-people = 人員
room-access = 待審查的存取
room-wall = 病房螢幕
site-values = 本院數值
site-values-in-use = 有 { $n } 項數值採本院設定，而非來源所載
site-values-beside = 取代來源所載
site-value = 本院數值
site-value-instead = 取代 { $value }：{ $reason }（簽署：{ $who }，{ $when }）
here = 本院
in-source = 來源
signed-by = 簽署
at-this-site = 本院
signed-for-use = { $who } 於 { $when } 簽署啟用
not-activated = 本院尚未啟用
signed-changed = { $who } 曾於 { $when } 簽署，但內容已變更：請重新簽署
signed-in-file = 由院所資料夾的檔案簽署；請於檔案中撤回。
signature-confirms-nothing = 簽署表示可於本院使用，不代表暫定的來源已獲確認，標記仍保留。
who-signs-knowledge = 規則集由醫師或品質保證人員簽署啟用。
activate = 簽署啟用
activate-what = 您將簽署 { $rule }（{ $n } 項）於{ $site }使用；據此計算的分級不再標示「尚未啟用」。
withdraw-signature = 撤回簽署
grades-not-activated = 本院尚未啟用：{ $list }
grades-not-activated-help = 這些分級所依據的規則集尚未經本院簽署。
# 帳號
people-beside = 可登入者及其角色
people-done = 已完成，並已記錄。
person-name = 姓名
person-name-en = 英文姓名
person-name-zh = 中文姓名
person-role = 角色
person-new = 新增帳號
person-disabled = 已停用
person-own = 您
person-own-hint = 您的帳號由另一位系統管理者變更。
person-command-line = 本機命令列
person-disable = 停用
person-enable = 恢復登入
sessions-open = 登入中
change = 變更
role-change = 變更角色
password-new = 新密碼
password-set = 設定新密碼
password-set-hint = 此人所有已登入的畫面都會登出。
password-first-hint = 至少 10 個字元，之後由本人變更。
sign-out-everywhere = 全部登出
only-administrator = 僅系統管理者可檢視帳號。
# 存取
access-beside = { $n ->
    [0] 皆已審查
   *[other] { $n } 筆待審查
 }
access-none = 無緊急存取紀錄
access-none-help = 有人以理由開啟受限制的身分資料時，會列於此處直到完成審查。
access-finding = 審查結果
access-review = 完成審查
access-reviewed = 已審查
access-own = 您自己的存取由他人審查。
# 再次登入
session-ended = 您的登入已逾時。
typed-is-kept = 您輸入的內容已保留，登入後即可繼續；密碼須重新輸入。
signed-in-again = 已登入
resume-what = 表單將帶著您輸入的內容重新顯示，目前尚未記錄任何資料。
resume-button = 回到表單
file-kept = 已保留：{ $name }
file-again = 請重新選擇 { $name }；當時無人登入，無法保留檔案。
review-nothing-done = 已重新登入，尚未執行任何動作：請確認輸入內容後再次送出。
# 身分
identity = 身分資料
identity-change = 更正身分資料
identity-save = 儲存
identity-versions = 先前版本
identity-words-hint = 與身分資料一併加密保存，不寫入紀錄。
identity-restricted = 此身分資料已限制存取
identity-restricted-short = 已限制
identity-restricted-what = 僅下列角色可見此病人身分。分級、工作與表單仍可使用，但無法進行雙人核對。
reason-in-words = 說明
weighed-on = 測量日期
date-hint = 1968-03-14
doubles = 是否重複登記？
doubles-none = 無相同病歷號，或相同姓名與出生日期的病人。
merged-was = 已合併：
merge-what = 該病人的所有療程將移至此病人。兩筆身分資料都會保留，且可取消。
merge-button = 同一病人：合併
part-what = 確為兩位病人，將移回 { $n } 個療程。
part-button = 取消合併
names-nobody-hint = 此內容永久保存於紀錄，請勿寫入姓名或號碼。
access-title = 可見此身分者
access-everybody = 所有已登入者。
restrict = 限制存取
restrict-roles = 可見的角色
restrict-reason-hint = 加密保存，僅可見身分者可讀。
restricted-since = 限制起始
restricted-roles = 可見的角色
restriction-end = 解除限制
glass-title = 緊急存取。
glass-what = 您可檢視身分資料 { $n } 小時。顯示前即留下紀錄，並由他人審查。
glass-button = 顯示身分資料
duplicate-same = 為此病人：新增療程
duplicate-hidden = 另有 { $n } 位受限制，請洽可檢視者。
# 雙人
second-person = 第二人
second-person-here = 第二人可在此輸入自己的帳號與密碼，您不會被登出。若留空，第二人稍後以自己的帳號記錄。
second-login = 第二人帳號
second-password = 第二人密碼
# 輸注
infusion = 輸注
infusion-runs = 已進行
infusion-watch = 請陪伴病人，並在此記錄生命徵象。
infusion-over = 輸注 { $minutes } 分鐘，於 { $when } 結束。
infusion-not-begun = 尚未開始。
infusion-no-bag = 尚無血袋
infusion-no-bag-help = 產品製造並點收後會列於此處。
infusion-record = 輸注紀錄
infusion-record-print = 供列印。條碼為身分鏈結編號。
barcode-of = { $number } 的條碼
consent-short = 同意書
hand-first = 第一人：姓名、時間、簽名
hand-second = 第二人：姓名、時間、簽名
wall-more = 看板另有 { $n } 筆
# 時間輸入
time-placeholder = 2026-11-20 03:12
time-hint = 2026-11-20 03:12 · 今日可輸入 0312 · 20 分鐘前可輸入 -20
field-until-optional = 結束時間（僅用於持續給予者：輸注、升壓劑）
# 理由
reasons-beside = 另有 { $n } 項未影響分級
reasons-beside-label = 未影響分級
points-column = 分數
