# What a person at a checkpoint reads. Short, plain, no jargon: a tired guard reads it at night.
# "Gate" is this checkpoint, a "credential" is what the person shows.
# English reasons are also API (JSON, the audit log): they are the words of waypass-trust.

## Verdicts

word-allow = ALLOW
word-caution = CAUTION
word-deny = DENY
word-cannot-check = CANNOT CHECK

ok =
    .headline = Allow
    .meaning = Everything was checked and holds.
    .next = Let the person pass.
stale_revocations =
    .headline = List is old
    .meaning = The list of withdrawn credentials is older than this role should be checked with.
    .next = Do the extra step shown, then synchronise this gate as soon as there is a link.
stale_trust =
    .headline = Trust data is old
    .meaning = What this gate knows about issuers is older than this role should be checked with.
    .next = Do the extra step shown, then synchronise this gate as soon as there is a link.
clock_suspect =
    .headline = Clock is unsure
    .meaning = This gate's clock has not been confirmed lately.
    .next = Compare the time on the screen with your watch. If it is wrong, stop and call the supervisor.
expires_soon =
    .headline = Expires soon
    .meaning = The credential ends shortly.
    .next = Tell the person when it ends and ask them to renew it.
two_person =
    .headline = Second guard needed
    .meaning = The rule admits this person only when two guards agree.
    .next = Call a second guard; both confirm.
escort =
    .headline = Escort needed
    .meaning = Nobody here can tell whether the credential was withdrawn, and the rule lets the person in under escort.
    .next = Let the person in only with somebody of the site next to them, all the time.
break_glass =
    .headline = Emergency override
    .meaning = Only the emergency rule admits this person.
    .next = Let the person in only in an emergency. Ask why; the override is recorded and will be reviewed.
peer_check =
    .headline = Checked, not admitted
    .meaning = This device is not a gate of the site. It says what it knows, and it admits nobody.
    .next = Decide yourself. Look at how old the data is; a gate of the site may know better.
seen_recently =
    .headline = Seen just now
    .meaning = The same credential passed this gate a short time ago.
    .next = Look at the person: make sure that nobody handed the credential back.
bearer_pass =
    .headline = Printed card
    .meaning = A printed card was shown. Anybody can copy one, so it does not say who brings it.
    .next = Do the identity check that the rule names, and confirm only if the person passes it.
revoked =
    .headline = Withdrawn
    .meaning = The issuer has withdrawn this credential.
    .next = Do not let the person pass. Ask them to contact the issuer.
suspended =
    .headline = Suspended
    .meaning = The issuer has suspended this credential for now.
    .next = Do not let the person pass. Ask them to contact the issuer.
expired =
    .headline = Expired
    .meaning = The credential's time is over.
    .next = Do not let the person pass. Ask them to renew the credential.
not_yet_valid =
    .headline = Not valid yet
    .meaning = The credential's time has not begun.
    .next = Do not let the person pass. Ask them to come back when it begins.
untrusted_issuer =
    .headline = Unknown issuer
    .meaning = Nobody this site trusts issued the credential.
    .next = Do not let the person pass. Ask the person for a credential from a trusted issuer.
issuer_not_authorised =
    .headline = Issuer may not say this
    .meaning = The issuer is known but may not issue this role, site, type or length of validity.
    .next = Do not let the person pass. Report the issuer's name to the supervisor.
key_compromised =
    .headline = Issuer key stolen
    .meaning = The key that signed the credential was stolen, so anybody could have made it.
    .next = Do not let the person pass. Ask the person to get a new credential from the issuer.
bad_signature =
    .headline = Forged or damaged
    .meaning = The signature does not fit what the credential says.
    .next = Do not let the person pass. Ask the person to present once more; if it fails again, call the supervisor.
holder_binding_failed =
    .headline = Not the holder's device
    .meaning = The credential was not presented by the device it was issued to.
    .next = Do not let the person pass. Ask the person to present from their own device.
nonce_mismatch =
    .headline = Answer to another question
    .meaning = The presentation does not answer this gate's challenge.
    .next = Start again with a new challenge and ask the person to scan it.
wrong_audience =
    .headline = Meant for another gate
    .meaning = The presentation was made for another gate.
    .next = Start again with a new challenge and ask the person to scan it here.
challenge_expired =
    .headline = Too late
    .meaning = The answer came after the challenge had ended.
    .next = Start again with a new challenge and ask the person to answer it at once.
replayed =
    .headline = Already used
    .meaning = This presentation was shown before.
    .next = Do not let the person pass. Start again with a new challenge and watch who answers it.
role_missing =
    .headline = No role shown
    .meaning = The presentation does not show what this gate asks for.
    .next = Ask the person to present again and to share the role the gate asks for.
policy_denied =
    .headline = Not allowed here
    .meaning = No rule of this gate admits this role.
    .next = Do not let the person pass. Tell them which gate or desk is right for them.
policy_expired =
    .headline = Gate's rules have ended
    .meaning = The rules this gate decides by are past their date.
    .next = Admit nobody on this screen. Synchronise this gate or call the supervisor.
policy_error =
    .headline = Gate's rules failed
    .meaning = A rule could not be evaluated, so nothing may be decided by it.
    .next = Admit nobody on this screen. Report it to the supervisor.
data_too_old =
    .headline = Data too old
    .meaning = What this gate knows is older than this role allows.
    .next = Do not let the person pass. Synchronise this gate, then ask the person to present again.
malformed =
    .headline = Unreadable
    .meaning = What was presented is not a readable presentation.
    .next = Ask the person to present again; if it fails again, deny.
status_unknown =
    .headline = Cannot check
    .meaning = Nobody here can tell whether the credential was withdrawn.
    .next = Do not let the person pass on this screen. Synchronise this gate, or follow the site's rule for such cases.
no_bundle =
    .headline = Gate is not set up
    .meaning = This gate has no trust data.
    .next = Admit nobody on this screen. Enrol this gate first.
clock_unusable =
    .headline = Clock is wrong
    .meaning = This gate's clock cannot be believed, so no date can be checked.
    .next = Admit nobody on this screen. Set the clock or synchronise this gate.
gate_not_enrolled =
    .headline = Gate is not enrolled
    .meaning = This gate is not enrolled at the site, or its enrolment has ended.
    .next = Admit nobody on this screen. Synchronise this gate or call the supervisor, who can enrol it again.
trust_tampered =
    .headline = Trust data was changed
    .meaning = The trust data on this device is not what its vault has seen: it is older, missing, unreadable or of another site.
    .next = Admit nobody on this screen. Call the supervisor, who brings the newest trust bundle.
device_tampered =
    .headline = Gate was changed
    .meaning = Keys, state, challenges or log of this gate were damaged, deleted or put back from an older copy.
    .next = Admit nobody on this screen. Call the supervisor, who looks at what was found and acknowledges it.
storage_failed =
    .headline = Gate cannot record
    .meaning = The decision could not be written down, so it does not count.
    .next = Admit nobody on this screen. Free space on the device or call the supervisor.

## Who, why, how old. Labels have at most 12 letters.

label-role = role
label-where = where
label-valid-until = valid until
label-issued-by = issued by
label-also-says = also says
label-evidence = evidence
label-rule = rule
label-clock = clock
label-offline = offline
label-extra-step = extra step
label-now = now

no-role = none shown
everywhere = everywhere
nothing = nothing
not-checked = { $members } (not checked)

check-genuine = genuine, and the issuer may say it
check-dates = within its dates
check-withdrawn = not withdrawn, as far as this gate knows
check-device = presented by the device it was issued to
check-question = answers this gate's question, just now
check-asked = shows what was asked for
check-rules = allowed here by the site's rules

evidence-revocation =
    .age = revocation list { $age } old
    .date = revocation list of { $date }
evidence-trust =
    .age = trust bundle { $age } old
    .date = trust bundle of { $date }
evidence-rules =
    .age = rules { $age } old
    .date = rules of { $date }

clock-anchored = confirmed by signed time since this device was started
clock-low = not confirmed since this device was started
clock-suspect = to be compared with a watch: a person confirmed it, or signed time runs on without it
clock-behind-signed = the clock is behind the newest signed time
clock-behind-seen = the clock is behind a time this device has already seen
clock-stepped = the clock was changed since this device started, or is ahead of what its issuer answered
clock-boots = too many restarts without signed time
clock-decisions = too many decisions without signed time
clock-evidence-ahead = signed evidence lies in the clock's future

works-until = works for this role until { $date } ({ $what })
works-ended = ENDED { $age } ago ({ $date }) ({ $what })
ends-list = status list { $uri }
ends-missing-list = missing status list { $uri }
ends-age = age of the trust bundle
ends-expiry = expiry of the trust bundle
ends-policy = policy
ends-enrolment = enrolment of this gate

step-confirm = look, and confirm
step-override = decide yourself; it is written down as an override
step-escort = somebody of the site stays with the person
step-second-person = a second guard must agree
step-identity = check who the person is, and write down how
step-break-glass = emergency only; it is written down and reviewed

## The checkpoint while nobody is judged

screen-starting = The gate is being opened
    .next = If it stays like this, try again or call the supervisor.
screen-ready = Ready
    .next = Show the question to the person, or scan a card.
screen-no-question = No question could be made
screen-some-roles = too old for some roles: synchronise
screen-no-longer = This gate cannot decide any more
    .next = Bring newer data: synchronise, or call the supervisor.
screen-not-yet = This gate cannot decide yet
    .next = It needs the data of the site and has to be enrolled. Call the supervisor.
screen-tampered = Something was changed on this gate
    .next = Admit nobody. Call the supervisor, who looks at what was found.
screen-gathering = { $have } of { $count } codes
screen-gathering-next = Keep scanning until all are read.
screen-deciding = Checking
screen-settling = Writing it down
screen-locked = The gate is locked
    .next = Unlock it to go on.
screen-trapped = The check stopped in the middle
    .next = Nothing was decided, and nobody is to blame. Ask the person to scan the new question.
screen-scanner-denied = The camera may not be used
    .next = Allow the camera in the settings, or use a scanner that types.
screen-scanner-gone = The scanner is gone
    .next = Plug it in again, or use another one.

ask-by = Who says so? Your name
ask-second = The second guard's name
ask-reason = Why?

notice-foreign = That code is not ours. Scan the person's code.
notice-damaged = That code could not be read. Scan it once more.
notice-newer = That code was made by a newer version. Update this gate.
notice-question = That is a gate's question. Scan the answer on the person's device.
notice-too-long = That is too long for an answer.
notice-again = That code was just checked.
notice-confirmed = Written down: the step was done.
notice-confirmed-flagged = Written down. A list that came meanwhile denies this credential: call the supervisor.
notice-turned-away = Written down: the person was turned away.
notice-same-person = The second guard is somebody else. Type their name.
notice-not-settled = It could not be written down. Nobody was admitted.
notice-syncing = Synchronising
notice-synced = Synchronised
notice-sync-failed = Not synchronised. What the gate knows is unchanged.
notice-door-failed = The door did not open by itself.

banner-no-data = no data of the site yet
banner-age = data { $age } old
banner-age-until = data { $age } old, works offline until { $date }
banner-flags =
    { $count ->
        [one] { $count } admission to look at
       *[other] { $count } admissions to look at
    }

shift = { $allowed } allowed, { $cautions } with caution, { $denied } denied, { $unknown } not checkable

do-next = next scan
do-ask = new question
do-retry = try again
do-cancel = cancel
do-confirm = the step was done
do-turn-away = turned away
do-sync = synchronise
do-unlock = unlock

## What a page refuses, and what to do then

refused-wrong-secret = That does not open this gate. Tries left: { $left }
    .next = Check the keyboard and try again. The recovery code opens it too.
refused-wait = Too many wrong tries. Wait { $age }
    .next = Then try again. The recovery code opens it too.
refused-locked-out = No tries are left for the pass phrase
    .next = Open it with the recovery code, or call the supervisor.
refused-ended = That opened this gate for a time that is over
    .next = Ask who gave it for another, or use what always opens it.
refused-recovery = That is no recovery code
    .next = It has seven groups of four. Compare each letter with the paper.
refused-weak = That pass phrase is too easy to guess
    .next = Take four words or more that nobody would say together.
refused-exists = There is a gate on this device already
    .next = Unlock it.
refused-name = A gate cannot have that name
    .next = Take a short name that people at the site know.
refused-place = A site or zone cannot be written so
    .next = Write it as the office does: small letters, digits and hyphens.
refused-question = That question cannot be asked
    .next = Ask for fewer things, or shorten the reason.
refused-number = The number is not that of this file
    .next = Do not use the file. Compare the number with the office again.
refused-file = That file is not from the office
    .next = Take the file that the office wrote for this gate.
refused-not-believed = What came is not believed
    .next = Nothing was changed. Get it again from the office, by another way.
refused-no-data = This gate has no data of the site yet
    .next = Bring the file of the site, and the number that belongs to it.
refused-changed = Something was changed on this gate
    .next = Admit nobody. Call the supervisor, who looks at what was found.
refused-storage = It could not be written down
    .next = Free space on the device, or call the supervisor.
refused-nobody = That name or reason cannot be written down
    .next = Say who you are, and why. The second person is somebody else.
refused-clock = The clock of this device is wrong
    .next = Set the clock in the settings of the device, then confirm it.
refused-service = The server of the office refused
    .next = Trying again gets the same answer. Tell the office.
refused-link = The office cannot be reached
    .next = The gate works on with what it has. Try again later, or bring a file.
refused-other = That could not be done
    .next = Load the page again. If it stays so, call the supervisor.

## The status and the log on a page

label-data = data
label-enrolled = enrolled
label-log = log
label-flags = look at
label-aside = kept aside

not-enrolled = not enrolled yet: the office takes it in
enrolment-ended = the site ended the enrolment
kept-aside = data of { $date }, { $age } ahead of this clock
    .next = Compare the clock with a watch. If it is wrong, set it. If it is right, tell the office.
notice-nothing-newer = Nothing newer
records = records: { $count }
record = no. { $seq }
flag = No. { $seq } went in before the list of { $date } came, which denies the credential.

event-decided = decided
event-checked = checked
event-trust-changed = trust data changed
event-found = found changed
event-acknowledged = looked at
event-clock-confirmed = clock confirmed
event-confirmed = step done, went in
event-turned-away = turned away
event-wrong-tries = wrong tries
event-locked-out = no tries were left
event-factors-changed = what opens it changed
event-erased = person erased
event-upgraded = upgraded
event-taken-back = withdrawal taken back
event-break-glass = emergency override
event-held = credential taken in
event-presented = presented
event-removed = removed
event-synced = synchronised
event-declined = declined
event-restored = restored
event-unlocked = opened for a while
event-other = event { $name }

## The page

page-boot-starting = Opening the gate
page-boot-taken = The gate is open in another tab
    .next = Go on there. Or close that tab, and try again here.
page-boot-storage = This browser keeps no files for the gate
    .next = Leave the private window, allow this page to keep data, and try again.
page-boot-failed = The gate's program did not start
    .next = Nothing is lost. Try again, with a link to the office if there is one. If it stays like this, call the supervisor.
page-boot-token = This window does not belong to the gate
    .next = Close it, and start the kiosk again.
page-boot-retry = try again
page-boot-script = This page needs JavaScript. Allow it in the settings of the browser.

page-menu = Menu
page-banner = State of the gate
page-actions = What to do now
page-back = back to the checkpoint
page-checkpoint = Checkpoint
page-status = Readiness
page-log = Log
page-flags = Admissions to look at
    .next = These people were let in before a newer list came. The list denies their credential. Look for them, then sign.
page-sync = Synchronise
    .next = The gate sends its log and brings the newest lists and rules.
page-question = Question
    .next = What this gate asks of people. Ask for as little as you need.
page-set-up = Set-up
page-language = Language
page-lock = Lock the gate
page-your-name = Your name
page-continue = continue
page-save = save
page-saved = Saved.
page-working = One moment …
page-no-answer = The gate did not answer
    .next = Try again. If it stays like this, open this page anew.

page-update = A newer version of this page is ready.
    .next = Taking it locks the gate. You unlock it again.
page-update-do = take it now
page-not-kept = This browser may delete the gate's data when space runs short.
    .next = Install this page as an app, and synchronise often.
page-first-link = The office cannot be reached.
    .next = Bring the site's data as a file, or come back with a link once.

page-question-code = Question code, for the person to scan
page-camera = Picture of the camera
page-camera-off = turn the camera off
page-camera-on = turn the camera on
page-light = light
page-picture = read a picture
page-picture-empty = No code was found in that picture.
page-checks = Checks
page-evidence = How old the knowledge is

page-unlock = unlock
page-phrase = Pass phrase
    .next = Several words that nobody guesses. It opens this gate, without a link too.
page-use-recovery = use the recovery code
page-use-phrase = use the pass phrase

page-new = Set up this gate
    .next = This is done once, and needs no link. The supervisor knows the names.
page-name = Name of the gate
    .next = People read it in the question: North Gate
page-site = Site
    .next = As the office writes it.
page-zone = Zone
    .next = The part of the site that this gate guards.
page-phrase-again = Pass phrase once more
page-phrase-differs = The two pass phrases differ
    .next = Type both again, slowly.
page-create = set up
page-recovery = Recovery code
    .next = Write it on paper now, and keep it away from this device. It opens the gate when the pass phrase is forgotten. It is not shown again.
page-written = I have written it down
page-pin = 1. Trust the site
    .next = Choose the root file or the bundle of the site. Then type the number that the office gave you on paper or by voice.
page-file = choose a file
page-no-file = No file was chosen
page-number = Number of the root
    .next = 64 digits and letters. Spaces do not count.
page-pin-do = compare and trust
page-pinned = The number fits. This gate trusts the site now.
page-enrolment = 2. Enrol at the office
    .next = The office scans this code or takes the file. When it has enrolled this gate, synchronise.
page-enrolment-code = Enrolment code, for the office to scan
page-save-file = save as a file

page-to-do = What to do
page-aside = Is it really as late as that data says, by a watch or a calendar?
page-aside-right = it is really that late
page-findings = Found on this gate
page-acknowledge = I have looked at it
page-clock = Confirm the clock
    .next = Compare the time of this device with your watch. Confirm only if both agree.
page-clock-right = the time is right
page-log-empty = Nothing is written down yet.
page-log-more = show older ones
page-flagged = to look at
page-flags-empty = There is nothing to look at.

page-sync-link = By link
    .next = The gate also tries by itself, every 15 minutes.
page-sync-now = synchronise now
page-sync-file = By file
    .next = Without a link, a person carries one file each way.
page-sync-take = take a file of the office
page-sync-taken = The file was taken.
page-sync-give = make a file for the office
page-sync-given = The file is in your downloads. Bring it to the office.

page-roles = Roles
    .next = One on each line. Empty: any role.
page-claims = Also ask for
    .next = One on each line, as the office writes it. Personal data is asked for only if the rule needs it.
page-purpose = Purpose
    .next = The person reads it before they answer.

## Times and lists

span-seconds = { $n } s
span-minutes = { $n } min
span-hours = { $n } h
span-days = { $n } days
date = { $year }-{ $month }-{ $day } { $hour }:{ $minute } { $zone }
list-comma = {", "}
list-and = { $most } and { $last }
