# People, knowledge at this site, identity, infusion, wall
room-people = People
room-access = Accesses to review
room-wall = Ward screen
site-values = Values of this site
site-values-in-use = { $n ->
    [one] One value of this site stands in place of its source’s
   *[other] { $n } values of this site stand in place of their sources’
 }
site-values-beside = in place of what the source says
site-value = site value
site-value-instead = instead of { $value }: { $reason } (signed by { $who }, { $when })
here = Here
in-source = In the source
signed-by = Signed by
at-this-site = At this site
signed-for-use = signed for use by { $who }, { $when }
not-activated = not activated at this site
signed-changed = signed by { $who }, { $when }, but its text is another one now: sign again
signed-in-file = Signed in a file of the site’s folder; it is taken back there.
signature-confirms-nothing = A signature allows its use here. It does not turn a provisional source into a confirmed one: the mark stays.
who-signs-knowledge = A physician or quality assurance signs rule sets for use.
activate = Sign for use
activate-what = You sign { $rule } with its { $n } entries for use at { $site }. Grades from it no longer say “not activated”.
withdraw-signature = Take the signature back
grades-not-activated = Not activated at this site: { $list }
grades-not-activated-help = These grades are computed from rule sets nobody has signed for use here.
# Accounts
people-beside = who may sign in, and in which role
people-done = Done, and noted in the record.
person-name = Name
person-name-en = Name in English
person-name-zh = Name in Chinese
person-role = Role
person-new = New account
person-disabled = may not sign in
person-own = you
person-own-hint = Another administrator changes your account.
person-command-line = the command line on this machine
person-disable = Stop from signing in
person-enable = Let sign in again
sessions-open = Signed in
change = Change
role-change = Change role
password-new = New password
password-set = Set a new password
password-set-hint = Everything the person has open is signed out.
password-first-hint = At least 10 characters. The person changes it later.
sign-out-everywhere = Sign out everywhere
only-administrator = Only an administrator sees the accounts.
# Accesses
access-beside = { $n ->
    [0] all reviewed
    [one] one to review
   *[other] { $n } to review
 }
access-none = Nobody has broken the glass
access-none-help = When somebody opens a restricted identity with a reason, it stands here until it was reviewed.
access-finding = What you found
access-review = Reviewed
access-reviewed = Reviewed
access-own = Somebody else reviews your own access.
# Signing in again
session-ended = Your session has ended.
typed-is-kept = What you typed is kept. Sign in and go on. Passwords are typed again.
signed-in-again = Signed in
resume-what = The form comes back with everything you typed. Nothing has been recorded yet.
resume-button = Back to the form
file-kept = Kept: { $name }
file-again = Choose { $name } again; nobody was signed in to keep it.
review-nothing-done = Signed in again. Nothing has been done yet: look at what you typed and send it again.
# Identity
identity = Identity
identity-change = Put the identity right
identity-save = Save
identity-versions = Earlier versions
identity-words-hint = Kept with the identity, encrypted, not in the record.
identity-restricted = This identity is restricted
identity-restricted-short = restricted
identity-restricted-what = Who this patient is shows to the roles below. Grades, tasks and forms work without it; a two-person identity check does not.
reason-in-words = In words
weighed-on = Weighed on
date-hint = 1968-03-14
doubles = The same patient twice?
doubles-none = Nobody else has this record number, or this name and birth date.
merged-was = Merged:
merge-what = All journeys of that patient go over to this one. Both identities are kept, and it can be undone.
merge-button = Same patient: merge
part-what = They were two people after all. { $n ->
    [one] One journey goes
   *[other] { $n } journeys go
 } back.
part-button = Part them again
names-nobody-hint = This stays in the record for ever: write no name and no number.
access-title = Who may see who this is
access-everybody = Everybody who is signed in.
restrict = Restrict
restrict-roles = Roles that see it
restrict-reason-hint = Kept encrypted, shown to those who may see the identity.
restricted-since = Restricted since
restricted-roles = Roles that see it
restriction-end = End the restriction
glass-title = Break the glass.
glass-what = You see the identity for { $n } hours. It is noted before anything is shown, and reviewed by somebody else.
glass-button = Show the identity
duplicate-same = It is this patient: a further journey
duplicate-hidden = { $n ->
    [one] One more is restricted; ask those who may see it.
   *[other] { $n } more are restricted; ask those who may see them.
 }
# Two people
second-person = Second person
second-person-here = The second person may sign here with their own name and password; you stay signed in. Left empty, they record it later in their own session.
second-login = Second person’s user name
second-password = Second person’s password
# Infusion
infusion = Infusion
infusion-runs = running for
infusion-watch = Stay with the patient; record vital signs here.
infusion-over = Given in { $minutes } min, ended { $when }.
infusion-not-begun = Not begun.
infusion-no-bag = No bag is known yet
infusion-no-bag-help = Bags stand here once the product was made and received.
infusion-record = Infusion record
infusion-record-print = For paper: print this page. The code is the chain-of-identity number.
barcode-of = Code of { $number }
consent-short = Consent
hand-first = First person: name, time, signature
hand-second = Second person: name, time, signature
wall-more = and { $n } more on the board
# Times as typed
time-placeholder = 2026-11-20 03:12
time-hint = 2026-11-20 03:12 · 0312 for today · -20 for 20 minutes ago
field-until-optional = Until (only for what runs: an infusion, a vasopressor)
# Reasons
reasons-beside = { $n ->
    [one] one more finding, not deciding
   *[other] { $n } more findings, not deciding
 }
reasons-beside-label = not deciding
points-column = Points
