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
