# 頁框
language-name = 中文
skip = 跳到內容
rooms = 主選單
rooms-phone = 主選單（拇指列）
room-board = 看板
room-search = 搜尋
room-register = 新增病人
room-knowledge = 知識庫
scan-or-search = 掃描或搜尋
scan-placeholder = 掃描 / Scan
light-or-dark = 明暗
sign-out = 登出
synthetic-data = 合成資料，頁面中的人物均不存在。
scope = 供合格醫療人員參考的決策輔助。Vena 顯示、計算並提醒；由人決定。
age-now = 剛剛
age-minutes = { $n } 分鐘前
age-hours = { $n } 小時前
age-days = { $n } 天前
# 分級
grade-none = 無
grade-value = 第 { $n } 級
grade-at-least = 至少第 { $n } 級
grade-interval = 第 { $low } 至 { $high } 級
grade-not-assessable = 無法評估
grade-not-applicable = 目前不適用
