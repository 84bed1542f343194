# The frame
language-name = English
skip = Skip to content
rooms = Main
rooms-phone = Main, at the thumb
room-board = Board
room-search = Search
room-register = New patient
room-knowledge = Knowledge
scan-or-search = Scan or search
scan-placeholder = Scan / 掃描
light-or-dark = Light or dark
sign-out = Sign out
synthetic-data = Synthetic data. No person here exists.
scope = Decision support for qualified staff. Vena shows, computes and warns; the person decides.
age-now = just now
age-minutes = { $n } min ago
age-hours = { $n } h ago
age-days = { $n } d ago
# Grades
grade-none = none
grade-value = grade { $n }
grade-at-least = at least grade { $n }
grade-interval = grade { $low } to { $high }
grade-not-assessable = not assessable
grade-not-applicable = not applicable now
score-value = { $n ->
    [one] 1 point
   *[other] { $n } points
 }
score-at-least = at least { $n } points
score-interval = { $low } to { $high } points
scale-icaht-late = ICAHT, late
grades = Grades
grades-and-why = Grades now, and why
grade = Grade
since = since { $when }
missing-list = missing: { $list }
missing = missing
provisional = provisional
why = why
rule = Rule
differs = { $rule } would answer { $answer }
criterion = Criterion
value-used = Value
measured = Measured
entered-late = entered late
# Times
due-open = open
due-late = { $span } late
due-in = in { $span }
span-minutes = { $n } min
span-hours = { $n } h
span-days = { $n } d
# Identity
patient = Patient
synthetic-mark = SYN
age-years = { $n } y
born = Born
record-number = Record
chain-of-identity-short = COI
weight = Weight
allergy = Allergy
allergy-none = none known
not-asked = not asked
# The course
course = Course
course-shaded = shaded: not yet
course-as-table = as a table
day-zero = Day 0 = infusion
not-infused = not infused
drugs = Drugs
lane-temperature = Temperature
lane-pressure = Blood pressure
lane-oxygen = Oxygen saturation
lane-inflammation = CRP, ferritin
lane-anc = Neutrophils
lane-platelets = Platelets
logarithmic = log
facts = What was recorded
facts-newest-first = newest first, { $shown } of { $all }
what = What
happened = yes
could-not-be-tested = could not be tested ({ $why })
# Steps
record = Record
optional = optional
refused = Not now
refusal-why = Why
refusal-helps = What helps
refusal-who = Who can do it
refusal-override = Who may override
override-button = Go on with a signed reason
already-done-button = It has been done: record it
standing-reason = Reason
standing-hint = The record will say that this stands outside the rule, and why.
field-when = When
field-reason = Reason
field-bag = Bag number
field-bags = Bag numbers
field-number-on-label = Chain-of-identity number on the label
field-fate = What becomes of the cells
field-remark = Remark
field-consent-kind = Consent to
field-form-version = Version of the form
field-signed = Signed
field-scan = Scan of the signed form
field-chain-of-identity = Chain-of-identity number
field-product = Product
field-start = Start
field-end = End
field-volume = Volume
field-repeat-reason = Reason for a repeat
field-document = Document
field-exception = If out of specification: why it is released all the same, and who agreed
field-shipper-temperature = Shipper temperature on arrival
field-check = Identity check
field-number-on-patient = Number on the wristband of the patient
field-number-on-product = Number on the product
field-name-agrees = Name and birth date given by the patient (or on the wristband) agree with the band above
field-which-therapy = Which therapy
field-cause-of-death = Cause of death
field-ending = How it ended
journey-steps = Steps of the journey
course-empty = Nothing measured yet. What is recorded under “Record” is drawn here.
date = Date
about-data = About these data
attribute = Cause
attribute-which = Which finding
attribute-cause = What it is put down to
leave-form = Back to the course
recorded-now = { $what }: recorded.
next-due = Next due: { $task }, { $when }.
neuro-next = ICANS stays open until these are asked:
other-scale = This patient is asked { $name }.
go-to = Go to { $name }
last-value = last { $value }, { $when }
reason-given = Reason given: { $reason }
form-wrong = Nothing was recorded yet. Please look at:
# Errors in forms
error-missing = Please fill this in.
error-day-needed = Please give the day.
error-time-skipped = The clock was put forward over this time; it did not happen.
error-time = “{ $typed }” is not a date and time. Write it like 2026-01-31 08:30.
error-number = “{ $typed }” is not a number. Write a decimal point, no comma.
error-one-bag = One bag at a time.
error-choose = Please choose one.
error-impossible = { $typed } is not possible here: between { $low } and { $high } { $unit }. Please check and type it again.
error-nothing-filled = Nothing was filled in besides the time.
error-drug = Please choose a drug.
# Bedside
form-vitals = Vital signs
form-crs = CRS: pressure and oxygen
form-neuro = Neurological findings
form-collection = Tests of the collection
form-laboratory = Laboratory values
field-observed = Observed at
hint-units = Another unit may be typed behind the number, for example 101.3 F or 0.5 10*9/L.
field-drug = Drug
choose = Choose
field-dose = Dose
field-unit = Unit of the dose
hint-dose-unit = mg, g, ug, mg/kg, ug/kg/min …
field-route = Route
field-given = Given, or started
field-stopped = This entry says that the drug was stopped
back = Back
next = Next
as-answered = as answered
ice-steps = Steps of the examination
ice-points = { $n ->
    [one] 1 point
   *[other] { $n } points
 }
ice-right = Right
ice-wrong = Wrong
ice-untested = Could not test
ice-asked = { $n ->
    [one] 1 point
   *[other] { $n } points
 } asked
ice-incomplete = { $n ->
    [one] 1 point
   *[other] { $n } points
 } could not be tested: the score will be an interval.
ice-open = { $n ->
    [one] 1 point was
   *[other] { $n } points were
 } not asked. Go back and ask, or record the examination as it is.
ice-arousal-step = Awake
ice-arousal-ask = How awake is the patient?
ice-arousal-help = Without sedation or another cause. An unarousable patient cannot be asked; the examination ends here.
ice-orientation-step = Orient.
ice-orientation-ask = Ask for year, month, city and hospital
ice-orientation-help = One point each.
ice-year = Year
ice-month = Month
ice-city = City
ice-hospital = Hospital
ice-naming-step = Naming
ice-naming-ask = Point at three objects and have them named
ice-naming-help = For example clock, pen, button. One point each.
ice-object-1 = First object
ice-object-2 = Second object
ice-object-3 = Third object
ice-command-step = Command
ice-command-ask = Give a simple command
ice-command-help = For example: show me two fingers; or: close your eyes and put out your tongue.
ice-command-part = Follows the command
ice-writing-step = Writing
ice-writing-ask = Have a whole sentence written
ice-writing-help = On paper; compare it with the last one.
ice-writing-part = Writes a whole sentence
ice-attention-step = Attention
ice-attention-ask = Have them count down from 100 by tens
ice-attention-help = All the way.
ice-attention-part = Counts down
ice-end-step = Record
ice-end-ask = Record this examination
ice-end-help = Seizures, weakness and pressure signs are asked under “Neurological findings”; without them ICANS stays open.
capd-notice = Observe over the whole shift. The labels are our own words; the instrument is © Cornell and is used as your centre has learned it.
capd-1 = Looks at the carer
capd-2 = Acts with a purpose
capd-3 = Notices what is around
capd-4 = Says or shows needs and wishes
capd-5 = Is restless
capd-6 = Cannot be consoled
capd-7 = Moves little while awake
capd-8 = Takes long to react
capd-never = never
capd-rarely = rarely
capd-sometimes = sometimes
capd-often = often
capd-always = always
# Knowledge
knowledge-beside = every number with its source
rules = Rule sets
version = Version
life = Status
numbers = Numbers
number = Number
source = Source
default-rule = default
some-provisional = some numbers provisional
digest = Digest
points = { $n } points
# Signing in
sign-in = Sign in
user = User
password = Password
# When something cannot be shown
cannot-show = This cannot be shown
fault = Something is wrong with the program or its disk. Nothing you recorded before is lost. Please tell the administrator.
back-to-board = Back to the board
no-such-page = There is no such page.
unreadable-form = The form could not be read. Go back and try again; nothing was recorded.
# Board
board-title = Programme board
board-counts = { $running ->
    [one] 1 journey
   *[other] { $running } journeys
 } · { $now ->
    [one] 1 needs someone now
   *[other] { $now } need someone now
 } · { $shut ->
    [one] 1 gate shut
   *[other] { $shut } gates shut
 }
board-caption = Journeys, most urgent first
board-empty = No journey here yet
board-empty-help = Register the first patient: name, record number, birth date. Everything else follows from their page.
board-nothing = No journey behind this filter
board-nothing-help = Other journeys are running.
board-all = Show all
urgent-because = overdue, grade { $grade } and above, or an infusion running
on-track-because = next task after today, or without a date
live-on = Live
live-lost = Connection lost; the page may be old
filter-whose = Whose
filter-all = All
filter-mine = Mine
filter-phase = Phase
filter-all-phases = All phases
filter-role = Role
phase-before = Before
phase-during = During
phase-after = After
day-column = Day
phase-column = Phase
grades-column = Grades, shut gates
task-column = Next task
due-column = Due
pages = Pages
page-before = Before
page-after = Next
page-of = page { $page } of { $pages }
# Journey
journey-places = Journey
history = History
looking-back = Looking back: as of { $at }, as known { $known }
everything-known = now
back-to-now = Back to now
computed-at = worked out { $when }
grade-by-day = highest of the day
tasks-due = Tasks due
no-tasks = Nothing is due.
gate-before = Shut: { $step }
record-something = Record
role-may-not-hint = Your role does not usually record this; Vena will say who can.
second-person-hint = Two different people are needed: each signs in and records what they themselves read. The same person twice does not count.
sign-title = Sign
sign-what = You are about to record this outside the rule. Reason: { $reason }
sign-password = Your password again
sign-button = Sign and record
# History
history-beside = { $n ->
    [one] 1 event
   *[other] { $n } events
 }, newest first; nothing is ever edited
recorded = Recorded
by-whom = By
correct = Correct
corrected-by = corrected by { $event }
retracted = taken back
outside-rule = outside the rule: { $reason }
and-more = and { $n } more
proof = proof
recorded-later = { $n } h later
correct-help = The entry stays visible. What you write here stands instead of it from now on.
correct-empty = Empty a field to leave that value out.
correct-replace = Record the correction
correct-retract = Take the whole entry back
# Search
search-label = Name, record number or birth date
search-hint = Any part of a name in Chinese or Latin letters, or a scan. Searches are noted in the record.
search-found = { $n } found
search-nothing = Nobody found
search-nothing-help = Try another part of the name, or the record number.
# Register
register-beside = identity is kept encrypted, apart from the record
name-chinese = Name in Chinese characters
name-latin = Name in Latin letters, family name first
record-number-long = Record number
birth-date = Birth date
sex = Sex
allergy-hint = Separate several with commas. Leave empty where nobody asked.
no-allergies = Asked: no known allergies
diagnosis = Diagnosis
product-intended = Product intended
product-profile = Product profile
profile-inside = inside
profile-outside = outside
profile-open = open
profile-told = no limit in the source
referred = Referred at
register-button = Register
error-name = Please give a name, in Chinese characters or Latin letters.
duplicate = { $n ->
    [one] 1 patient already known may be the same person
   *[other] { $n } patients already known may be the same person
 }
duplicate-go-on = It is somebody else: register all the same
# Assays
room-assays = Assays
history-newest = Newest events
history-older = { $n ->
    [one] The event before
   *[other] { $n } earlier events
 }
