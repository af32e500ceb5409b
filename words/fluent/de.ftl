# „Posten“: diese Kontrollstelle. „Nachweis“: was die Person vorzeigt.

## Urteile

word-allow = ERLAUBT
word-caution = VORSICHT
word-deny = ABGELEHNT
word-cannot-check = NICHT PRÜFBAR

ok =
    .headline = Erlaubt
    .meaning = Alles wurde geprüft und stimmt.
    .next = Lassen Sie die Person durch.
stale_revocations =
    .headline = Liste ist alt
    .meaning = Die Liste der widerrufenen Nachweise ist älter, als diese Rolle es verlangt.
    .next = Machen Sie den angezeigten Zusatzschritt, und gleichen Sie den Posten ab, sobald es eine Verbindung gibt.
stale_trust =
    .headline = Daten sind alt
    .meaning = Was dieser Posten über Aussteller weiß, ist älter, als diese Rolle es verlangt.
    .next = Machen Sie den angezeigten Zusatzschritt, und gleichen Sie den Posten ab, sobald es eine Verbindung gibt.
clock_suspect =
    .headline = Uhr ist unsicher
    .meaning = Die Uhr dieses Postens wurde länger nicht bestätigt.
    .next = Vergleichen Sie die angezeigte Zeit mit Ihrer Uhr. Ist sie falsch, hören Sie auf und rufen Sie die Leitung.
expires_soon =
    .headline = Läuft bald ab
    .meaning = Der Nachweis endet in Kürze.
    .next = Sagen Sie der Person, wann er endet, und bitten Sie sie, ihn zu erneuern.
two_person =
    .headline = Zweite Wache nötig
    .meaning = Die Regel lässt diese Person nur ein, wenn zwei Wachen zustimmen.
    .next = Rufen Sie eine zweite Wache; beide bestätigen.
escort =
    .headline = Begleitung nötig
    .meaning = Niemand kann hier sagen, ob der Nachweis widerrufen wurde; die Regel lässt die Person in Begleitung ein.
    .next = Lassen Sie die Person nur ein, wenn immer jemand vom Standort bei ihr ist.
break_glass =
    .headline = Notfallregel
    .meaning = Nur die Notfallregel lässt diese Person ein.
    .next = Lassen Sie die Person nur im Notfall ein. Fragen Sie nach dem Grund; es wird aufgezeichnet und später geprüft.
peer_check =
    .headline = Geprüft, nicht eingelassen
    .meaning = Dieses Gerät ist kein Posten des Standorts. Es sagt, was es weiß, und lässt niemanden ein.
    .next = Entscheiden Sie selbst. Achten Sie auf das Alter der Daten; ein Posten des Standorts weiß vielleicht mehr.
seen_recently =
    .headline = Gerade gesehen
    .meaning = Derselbe Nachweis kam vor kurzem durch diesen Posten.
    .next = Sehen Sie die Person an: Hat jemand den Nachweis zurückgereicht?
bearer_pass =
    .headline = Gedruckte Karte
    .meaning = Eine gedruckte Karte wurde gezeigt. Jeder kann sie kopieren; sie sagt nicht, wer sie bringt.
    .next = Machen Sie die Identitätsprüfung, die die Regel nennt, und bestätigen Sie nur, wenn die Person sie besteht.
revoked =
    .headline = Widerrufen
    .meaning = Der Aussteller hat diesen Nachweis widerrufen.
    .next = Lassen Sie die Person nicht durch. Sie soll sich an den Aussteller wenden.
suspended =
    .headline = Ausgesetzt
    .meaning = Der Aussteller hat diesen Nachweis vorläufig ausgesetzt.
    .next = Lassen Sie die Person nicht durch. Sie soll sich an den Aussteller wenden.
expired =
    .headline = Abgelaufen
    .meaning = Die Zeit des Nachweises ist um.
    .next = Lassen Sie die Person nicht durch. Sie soll den Nachweis erneuern.
not_yet_valid =
    .headline = Noch nicht gültig
    .meaning = Die Zeit des Nachweises hat noch nicht begonnen.
    .next = Lassen Sie die Person nicht durch. Sie soll wiederkommen, wenn er gültig ist.
untrusted_issuer =
    .headline = Unbekannter Aussteller
    .meaning = Der Nachweis kommt von keinem Aussteller, dem dieser Standort vertraut.
    .next = Lassen Sie die Person nicht durch. Bitten Sie um einen Nachweis eines anerkannten Ausstellers.
issuer_not_authorised =
    .headline = Aussteller darf das nicht
    .meaning = Der Aussteller ist bekannt, darf aber diese Rolle, diesen Standort, diese Art oder diese Dauer nicht ausstellen.
    .next = Lassen Sie die Person nicht durch. Melden Sie der Leitung den Namen des Ausstellers.
key_compromised =
    .headline = Schlüssel gestohlen
    .meaning = Der Schlüssel, mit dem der Nachweis signiert ist, wurde gestohlen; jeder kann ihn gemacht haben.
    .next = Lassen Sie die Person nicht durch. Sie soll sich beim Aussteller einen neuen Nachweis holen.
bad_signature =
    .headline = Gefälscht oder beschädigt
    .meaning = Die Signatur passt nicht zu dem, was der Nachweis sagt.
    .next = Lassen Sie die Person nicht durch. Bitten Sie sie, ihn noch einmal vorzuzeigen; geht es wieder nicht, rufen Sie die Leitung.
holder_binding_failed =
    .headline = Nicht das Gerät des Inhabers
    .meaning = Der Nachweis kam nicht von dem Gerät, für das er ausgestellt wurde.
    .next = Lassen Sie die Person nicht durch. Bitten Sie sie, ihn vom eigenen Gerät vorzuzeigen.
nonce_mismatch =
    .headline = Antwort auf andere Frage
    .meaning = Das Vorgezeigte beantwortet nicht die Frage dieses Postens.
    .next = Fangen Sie mit einer neuen Frage an, und bitten Sie die Person, sie zu scannen.
wrong_audience =
    .headline = Für einen anderen Posten
    .meaning = Das Vorgezeigte wurde für einen anderen Posten gemacht.
    .next = Fangen Sie mit einer neuen Frage an, und bitten Sie die Person, sie hier zu scannen.
challenge_expired =
    .headline = Zu spät
    .meaning = Die Antwort kam, als die Frage schon abgelaufen war.
    .next = Fangen Sie mit einer neuen Frage an, und bitten Sie die Person, gleich zu antworten.
replayed =
    .headline = Schon benutzt
    .meaning = Das wurde schon einmal vorgezeigt.
    .next = Lassen Sie die Person nicht durch. Fangen Sie mit einer neuen Frage an, und achten Sie darauf, wer antwortet.
role_missing =
    .headline = Keine Rolle gezeigt
    .meaning = Das Vorgezeigte zeigt nicht, wonach dieser Posten fragt.
    .next = Bitten Sie die Person, es noch einmal zu zeigen und die gefragte Rolle freizugeben.
policy_denied =
    .headline = Hier nicht erlaubt
    .meaning = Keine Regel dieses Postens lässt diese Rolle ein.
    .next = Lassen Sie die Person nicht durch. Sagen Sie ihr, welcher Posten oder Schalter der richtige ist.
policy_expired =
    .headline = Regeln abgelaufen
    .meaning = Die Regeln, nach denen dieser Posten entscheidet, sind abgelaufen.
    .next = Lassen Sie mit diesem Bildschirm niemanden ein. Gleichen Sie den Posten ab, oder rufen Sie die Leitung.
policy_error =
    .headline = Fehler in den Regeln
    .meaning = Eine Regel ließ sich nicht auswerten; danach darf nichts entschieden werden.
    .next = Lassen Sie mit diesem Bildschirm niemanden ein. Melden Sie es der Leitung.
data_too_old =
    .headline = Daten zu alt
    .meaning = Was dieser Posten weiß, ist älter, als diese Rolle es erlaubt.
    .next = Lassen Sie die Person nicht durch. Gleichen Sie den Posten ab, dann soll sie den Nachweis noch einmal zeigen.
malformed =
    .headline = Unlesbar
    .meaning = Das Vorgezeigte ist nicht lesbar.
    .next = Bitten Sie die Person, es noch einmal zu zeigen; geht es wieder nicht, lehnen Sie ab.
status_unknown =
    .headline = Nicht prüfbar
    .meaning = Niemand kann hier sagen, ob der Nachweis widerrufen wurde.
    .next = Lassen Sie die Person mit diesem Bildschirm nicht durch. Gleichen Sie den Posten ab, oder folgen Sie der Regel des Standorts für solche Fälle.
no_bundle =
    .headline = Posten nicht eingerichtet
    .meaning = Dieser Posten hat keine Daten des Standorts.
    .next = Lassen Sie mit diesem Bildschirm niemanden ein. Melden Sie den Posten zuerst an.
clock_unusable =
    .headline = Uhr ist falsch
    .meaning = Der Uhr dieses Postens ist nicht zu trauen, darum lässt sich kein Datum prüfen.
    .next = Lassen Sie mit diesem Bildschirm niemanden ein. Stellen Sie die Uhr, oder gleichen Sie den Posten ab.
gate_not_enrolled =
    .headline = Posten nicht angemeldet
    .meaning = Dieser Posten ist am Standort nicht angemeldet, oder seine Anmeldung ist abgelaufen.
    .next = Lassen Sie mit diesem Bildschirm niemanden ein. Gleichen Sie den Posten ab, oder rufen Sie die Leitung, die ihn neu anmelden kann.
trust_tampered =
    .headline = Daten wurden verändert
    .meaning = Die Daten des Standorts auf diesem Gerät sind nicht die, die sein Tresor kennt: Sie sind älter, fehlen, sind unlesbar oder gehören zu einem anderen Standort.
    .next = Lassen Sie mit diesem Bildschirm niemanden ein. Rufen Sie die Leitung, die die neuesten Daten bringt.
device_tampered =
    .headline = Posten wurde verändert
    .meaning = Schlüssel, Zustand, Fragen oder Protokoll dieses Postens wurden beschädigt, gelöscht oder durch eine ältere Kopie ersetzt.
    .next = Lassen Sie mit diesem Bildschirm niemanden ein. Rufen Sie die Leitung, die den Befund ansieht und bestätigt.
storage_failed =
    .headline = Aufzeichnen nicht möglich
    .meaning = Die Entscheidung ließ sich nicht aufzeichnen, darum zählt sie nicht.
    .next = Lassen Sie mit diesem Bildschirm niemanden ein. Schaffen Sie Platz auf dem Gerät, oder rufen Sie die Leitung.

## Wer, warum, wie alt. Beschriftungen haben höchstens 12 Buchstaben.

label-role = Rolle
label-where = Ort
label-valid-until = gültig bis
label-issued-by = Aussteller
label-also-says = sagt auch
label-evidence = Daten
label-rule = Regel
label-clock = Uhr
label-offline = offline
label-extra-step = Schritt
label-now = jetzt

no-role = keine gezeigt
everywhere = überall
nothing = nichts
not-checked = { $members } (nicht geprüft)

check-genuine = echt, und der Aussteller darf es sagen
check-dates = innerhalb seiner Gültigkeit
check-withdrawn = nicht widerrufen, soweit dieser Posten weiß
check-device = von dem Gerät, für das er ausgestellt wurde
check-question = beantwortet gerade eben die Frage dieses Postens
check-asked = zeigt, wonach gefragt wurde
check-rules = hier nach den Regeln des Standorts erlaubt

evidence-revocation =
    .age = Widerrufsliste { $age } alt
    .date = Widerrufsliste vom { $date }
evidence-trust =
    .age = Daten des Standorts { $age } alt
    .date = Daten des Standorts vom { $date }
evidence-rules =
    .age = Regeln { $age } alt
    .date = Regeln vom { $date }

clock-anchored = seit dem Start dieses Geräts durch signierte Zeit bestätigt
clock-low = seit dem Start dieses Geräts nicht bestätigt
clock-suspect = mit einer Uhr zu vergleichen: ein Mensch hat sie bestätigt, oder die signierte Zeit läuft ohne sie weiter
clock-behind-signed = die Uhr liegt hinter der neuesten signierten Zeit
clock-behind-seen = die Uhr liegt hinter einer Zeit, die dieses Gerät schon gesehen hat
clock-stepped = die Uhr wurde seit dem Start verstellt, oder sie geht vor der Antwort des Ausstellers
clock-boots = zu viele Neustarts ohne signierte Zeit
clock-decisions = zu viele Entscheidungen ohne signierte Zeit
clock-evidence-ahead = signierte Daten liegen in der Zukunft dieser Uhr

works-until = für diese Rolle bis { $date } ({ $what })
works-ended = ZU ENDE am { $date }, das ist { $age } her ({ $what })
ends-list = Statusliste { $uri }
ends-missing-list = fehlende Statusliste { $uri }
ends-age = Alter der Daten des Standorts
ends-expiry = Ablauf der Daten des Standorts
ends-policy = Regeln
ends-enrolment = Anmeldung dieses Postens

step-confirm = ansehen und bestätigen
step-override = selbst entscheiden; es wird als Ausnahme aufgezeichnet
step-escort = jemand vom Standort bleibt bei der Person
step-second-person = eine zweite Wache muss zustimmen
step-identity = prüfen, wer die Person ist, und aufschreiben, wie
step-break-glass = nur im Notfall; es wird aufgezeichnet und geprüft

## Der Posten, wenn niemand beurteilt wird

screen-starting = Der Posten wird geöffnet
    .next = Bleibt es so, versuchen Sie es noch einmal, oder rufen Sie die Leitung.
screen-ready = Bereit
    .next = Zeigen Sie der Person die Frage, oder scannen Sie eine Karte.
screen-no-question = Es ließ sich keine Frage stellen
screen-some-roles = für manche Rollen zu alt: abgleichen
screen-no-longer = Dieser Posten kann nicht mehr entscheiden
    .next = Bringen Sie neuere Daten: abgleichen, oder die Leitung rufen.
screen-not-yet = Dieser Posten kann noch nicht entscheiden
    .next = Er braucht die Daten des Standorts und muss angemeldet werden. Rufen Sie die Leitung.
screen-tampered = An diesem Posten wurde etwas verändert
    .next = Lassen Sie niemanden ein. Rufen Sie die Leitung, die den Befund ansieht.
screen-gathering = { $have } von { $count } Codes
screen-gathering-next = Scannen Sie weiter, bis alle gelesen sind.
screen-deciding = Wird geprüft
screen-settling = Wird aufgezeichnet
screen-locked = Der Posten ist gesperrt
    .next = Entsperren Sie ihn, um weiterzumachen.
screen-trapped = Die Prüfung brach mittendrin ab
    .next = Nichts wurde entschieden, und niemand ist schuld. Bitten Sie die Person, die neue Frage zu scannen.
screen-scanner-denied = Die Kamera darf nicht benutzt werden
    .next = Erlauben Sie die Kamera in den Einstellungen, oder nehmen Sie einen Scanner, der tippt.
screen-scanner-gone = Der Scanner ist weg
    .next = Stecken Sie ihn wieder an, oder nehmen Sie einen anderen.

ask-by = Wer bestätigt? Ihr Name
ask-second = Name der zweiten Wache
ask-reason = Warum?

notice-foreign = Dieser Code ist nicht von uns. Scannen Sie den Code der Person.
notice-damaged = Dieser Code war nicht lesbar. Scannen Sie ihn noch einmal.
notice-newer = Dieser Code ist von einer neueren Version. Aktualisieren Sie den Posten.
notice-question = Das ist die Frage eines Postens. Scannen Sie die Antwort auf dem Gerät der Person.
notice-too-long = Das ist zu lang für eine Antwort.
notice-again = Dieser Code wurde gerade geprüft.
notice-confirmed = Aufgezeichnet: Der Schritt wurde gemacht.
notice-confirmed-flagged = Aufgezeichnet. Eine inzwischen eingetroffene Liste lehnt diesen Nachweis ab: Rufen Sie die Leitung.
notice-turned-away = Aufgezeichnet: Die Person wurde abgewiesen.
notice-same-person = Die zweite Wache ist jemand anderes. Geben Sie deren Namen ein.
notice-not-settled = Es ließ sich nicht aufzeichnen. Niemand wurde eingelassen.
notice-syncing = Wird abgeglichen
notice-synced = Abgeglichen
notice-sync-failed = Nicht abgeglichen. Was der Posten weiß, ist unverändert.
notice-door-failed = Die Tür ging nicht von selbst auf.

banner-no-data = noch keine Daten des Standorts
banner-age = Daten { $age } alt
banner-age-until = Daten { $age } alt, offline bis { $date }
banner-flags =
    { $count ->
        [one] { $count } Einlass zum Ansehen
       *[other] { $count } Einlässe zum Ansehen
    }

shift = { $allowed } erlaubt, { $cautions } mit Vorsicht, { $denied } abgelehnt, { $unknown } nicht prüfbar

do-next = nächster Scan
do-ask = neue Frage
do-retry = noch einmal
do-cancel = abbrechen
do-confirm = Schritt gemacht
do-turn-away = abgewiesen
do-sync = abgleichen
do-unlock = entsperren

## Was eine Seite ablehnt, und was dann zu tun ist

refused-wrong-secret = Das öffnet diesen Posten nicht. Versuche übrig: { $left }
    .next = Prüfen Sie die Tastatur und versuchen Sie es noch einmal. Der Wiederherstellungscode öffnet ihn auch.
refused-wait = Zu viele falsche Versuche. Warten Sie { $age }
    .next = Versuchen Sie es dann noch einmal. Der Wiederherstellungscode öffnet ihn auch.
refused-locked-out = Für das Kennwort sind keine Versuche mehr übrig
    .next = Öffnen Sie ihn mit dem Wiederherstellungscode, oder rufen Sie die Leitung.
refused-ended = Damit öffnete sich dieser Posten für eine Zeit, die vorbei ist
    .next = Bitten Sie die Person, die es Ihnen gab, um ein anderes, oder nehmen Sie, was immer öffnet.
refused-recovery = Das ist kein Wiederherstellungscode
    .next = Er hat sieben Gruppen zu vier Zeichen. Vergleichen Sie jedes Zeichen mit dem Papier.
refused-weak = Dieses Kennwort ist zu leicht zu erraten
    .next = Nehmen Sie vier oder mehr Wörter, die niemand zusammen sagt.
refused-rules = Die Regeln dieses Standorts erlauben nicht mehr, dass ein Posten so entsperrt wird
    .next = Sagen Sie es Ihrer Aufsicht: Dieser Posten muss neu eingerichtet oder die Regeln müssen geändert werden.
refused-exists = Auf diesem Gerät gibt es schon einen Posten
    .next = Entsperren Sie ihn.
refused-name = So kann ein Posten nicht heißen
    .next = Nehmen Sie einen kurzen Namen, den man am Standort kennt.
refused-place = So schreibt man keinen Standort und keine Zone
    .next = Schreiben Sie es wie das Büro: kleine Buchstaben, Ziffern und Bindestriche.
refused-question = Diese Frage lässt sich nicht stellen
    .next = Fragen Sie nach weniger, oder kürzen Sie den Grund.
refused-number = Die Nummer gehört nicht zu dieser Datei
    .next = Benutzen Sie die Datei nicht. Vergleichen Sie die Nummer noch einmal mit dem Büro.
refused-file = Diese Datei ist nicht vom Büro
    .next = Nehmen Sie die Datei, die das Büro für diesen Posten geschrieben hat.
refused-not-believed = Was kam, wird nicht geglaubt
    .next = Nichts wurde geändert. Holen Sie es noch einmal vom Büro, auf einem anderen Weg.
refused-no-data = Dieser Posten hat noch keine Daten des Standorts
    .next = Bringen Sie die Datei des Standorts und die Nummer, die zu ihr gehört.
refused-changed = An diesem Posten wurde etwas verändert
    .next = Lassen Sie niemanden ein. Rufen Sie die Leitung, die den Befund ansieht.
refused-storage = Es ließ sich nicht aufzeichnen
    .next = Schaffen Sie Platz auf dem Gerät, oder rufen Sie die Leitung.
refused-busy = Ein anderes Programm dieses Geräts benutzt den Posten
    .next = Warten Sie, bis es fertig ist, und lesen Sie dann noch einmal. Bleibt es so, rufen Sie die Leitung, die es beendet.
refused-nobody = Dieser Name oder Grund lässt sich nicht aufzeichnen
    .next = Sagen Sie, wer Sie sind und warum. Die zweite Person ist jemand anderes.
refused-clock = Die Uhr dieses Geräts geht falsch
    .next = Stellen Sie die Uhr in den Einstellungen des Geräts, und bestätigen Sie sie dann.
refused-service = Der Server des Büros lehnt ab
    .next = Ein neuer Versuch bringt dieselbe Antwort. Sagen Sie es dem Büro.
refused-link = Das Büro ist nicht erreichbar
    .next = Der Posten arbeitet mit dem weiter, was er hat. Versuchen Sie es später, oder bringen Sie eine Datei.
refused-other = Das ging nicht
    .next = Laden Sie die Seite neu. Bleibt es so, rufen Sie die Leitung.

## Zustand und Protokoll auf einer Seite

label-data = Daten
label-enrolled = angemeldet
label-log = Protokoll
label-flags = ansehen
label-aside = zurückgelegt

not-enrolled = noch nicht angemeldet: das Büro nimmt ihn auf
enrolment-ended = der Standort hat die Anmeldung beendet
kept-aside = Daten vom { $date }, { $age } vor dieser Uhr
    .next = Vergleichen Sie die Uhr mit einer anderen. Geht sie falsch, stellen Sie sie. Geht sie richtig, sagen Sie es dem Büro.
notice-nothing-newer = Nichts Neueres
records = Einträge: { $count }
record = Nr. { $seq }
flag = Nr. { $seq } ging hinein, bevor die Liste vom { $date } kam, die den Ausweis ablehnt.

event-decided = entschieden
event-checked = geprüft
event-trust-changed = Vertrauensdaten geändert
event-found = Veränderung gefunden
event-acknowledged = angesehen
event-clock-confirmed = Uhr bestätigt
event-confirmed = Schritt getan, eingelassen
event-turned-away = abgewiesen
event-wrong-tries = falsche Versuche
event-locked-out = keine Versuche mehr übrig
event-factors-changed = was ihn öffnet, wurde geändert
event-erased = Person gelöscht
event-upgraded = erneuert
event-taken-back = Entzug zurückgenommen
event-break-glass = Notfall
event-held = Ausweis aufgenommen
event-presented = vorgezeigt
event-removed = entfernt
event-synced = abgeglichen
event-declined = abgelehnt
event-restored = wiederhergestellt
event-read = gelesen
event-unlocked = für eine Weile geöffnet
event-other = Ereignis { $name }

## Die Seite

page-boot-starting = Der Posten wird geöffnet
page-boot-taken = Der Posten ist in einem anderen Tab geöffnet
    .next = Machen Sie dort weiter. Oder schließen Sie jenen Tab, und versuchen Sie es hier noch einmal.
page-boot-storage = Dieser Browser speichert keine Dateien für den Posten
    .next = Verlassen Sie das private Fenster, erlauben Sie dieser Seite, Daten zu speichern, und versuchen Sie es noch einmal.
page-boot-gone = Der Browser hat die Daten des Postens gelöscht
    .next = Lassen Sie hier niemanden ein. Schließen Sie den Browser, starten Sie ihn neu, und rufen Sie die Leitung: Der Posten wird neu eingerichtet und angemeldet. Was abgeglichen wurde, ist im Büro sicher.
page-boot-failed = Das Programm des Postens ist nicht gestartet
    .next = Nichts ist verloren. Versuchen Sie es noch einmal, wenn möglich mit Verbindung zum Büro. Bleibt es so, rufen Sie die Leitung.
page-boot-token = Dieses Fenster gehört nicht zum Posten
    .next = Schließen Sie es, und starten Sie den Kiosk neu.
page-boot-retry = noch einmal
page-boot-script = Diese Seite braucht JavaScript. Erlauben Sie es in den Einstellungen des Browsers.

page-menu = Menü
page-banner = Zustand des Postens
page-actions = Was jetzt zu tun ist
page-back = zurück zur Kontrolle
page-checkpoint = Kontrolle
page-status = Bereitschaft
page-log = Protokoll
page-flags = Einlässe zum Ansehen
    .next = Diese Personen wurden eingelassen, bevor eine neuere Liste kam. Sie lehnt ihren Nachweis ab. Suchen Sie sie, dann unterschreiben Sie.
page-sync = Abgleichen
    .next = Der Posten sendet sein Protokoll und holt die neuesten Listen und Regeln.
page-question = Frage
    .next = Was dieser Posten von den Leuten wissen will. Fragen Sie nur, was Sie brauchen.
page-set-up = Einrichtung
page-language = Sprache
page-lock = Posten sperren
page-your-name = Ihr Name
page-continue = weiter
page-save = speichern
page-saved = Gespeichert.
page-working = Einen Moment …
page-no-answer = Der Posten hat nicht geantwortet
    .next = Versuchen Sie es noch einmal. Bleibt es so, laden Sie diese Seite neu.

page-update = Eine neuere Version dieser Seite liegt bereit.
    .next = Beim Wechsel wird der Posten gesperrt. Sie entsperren ihn danach.
page-update-do = jetzt wechseln
page-gone = Dieser Browser hat die Daten des Postens gelöscht, der hier war.
    .next = Richten Sie den Posten neu ein, und melden Sie ihn an. Was abgeglichen wurde, ist im Büro sicher. Installieren Sie diese Seite als App, damit es nicht wieder geschieht.
page-not-kept = Dieser Browser löscht vielleicht die Daten des Postens, wenn der Platz knapp wird.
    .next = Installieren Sie diese Seite als App, und gleichen Sie oft ab.
page-first-link = Das Büro ist nicht erreichbar.
    .next = Bringen Sie die Daten des Standorts als Datei, oder stellen Sie einmal eine Verbindung her.

page-question-code = Code der Frage, den die Person scannt
page-camera = Bild der Kamera
page-camera-off = Kamera ausschalten
page-camera-on = Kamera einschalten
page-light = Licht
page-picture = ein Bild lesen
page-picture-empty = In diesem Bild war kein Code zu finden.
page-checks = Prüfungen
page-evidence = Wie alt das Wissen ist

page-unlock = entsperren
page-phrase = Passphrase
    .next = Mehrere Wörter, die niemand errät. Sie öffnet diesen Posten, auch ohne Verbindung.
page-use-recovery = Notfallcode verwenden
page-use-phrase = Passphrase verwenden

page-new = Diesen Posten einrichten
    .next = Das geschieht einmal, und ohne Verbindung. Die Leitung kennt die Namen.
page-name = Name des Postens
    .next = In der Frage steht er für alle: Nordtor
page-site = Standort
    .next = So, wie das Büro ihn schreibt.
page-zone = Bereich
    .next = Der Teil des Standorts, den dieser Posten bewacht.
page-phrase-again = Passphrase noch einmal
page-phrase-differs = Die beiden Passphrasen sind verschieden
    .next = Tippen Sie beide noch einmal, langsam.
page-create = einrichten
page-recovery = Notfallcode
    .next = Schreiben Sie ihn jetzt auf Papier, und bewahren Sie ihn getrennt von diesem Gerät auf. Er öffnet den Posten, wenn die Passphrase vergessen ist. Er wird nicht noch einmal gezeigt.
page-written = Ich habe ihn aufgeschrieben
page-pin = 1. Dem Standort vertrauen
    .next = Wählen Sie die Wurzeldatei oder das Paket des Standorts. Tippen Sie dann die Nummer, die Ihnen das Büro auf Papier oder mündlich gegeben hat.
page-file = Datei wählen
page-no-file = Es wurde keine Datei gewählt
page-number = Nummer der Wurzel
    .next = 64 Ziffern und Buchstaben. Leerzeichen zählen nicht.
page-pin-do = vergleichen und vertrauen
page-pinned = Die Nummer stimmt. Dieser Posten vertraut jetzt dem Standort.
page-enrolment = 2. Beim Büro anmelden
    .next = Das Büro scannt diesen Code oder nimmt die Datei. Hat es diesen Posten angemeldet, gleichen Sie ab.
page-enrolment-code = Anmeldecode, den das Büro scannt
page-save-file = als Datei speichern

page-to-do = Was zu tun ist
page-aside = Ist es wirklich so spät, wie diese Daten sagen, nach Uhr oder Kalender?
page-aside-right = es ist wirklich so spät
page-findings = An diesem Posten gefunden
page-acknowledge = Ich habe es angesehen
page-clock = Uhr bestätigen
    .next = Vergleichen Sie die Zeit dieses Geräts mit Ihrer Uhr. Bestätigen Sie nur, wenn beide übereinstimmen.
page-clock-right = die Zeit stimmt
page-log-empty = Noch ist nichts aufgezeichnet.
page-log-more = ältere zeigen
page-flagged = zum Ansehen
page-flags-empty = Es gibt nichts zum Ansehen.

page-sync-link = Mit Verbindung
    .next = Der Posten versucht es auch von selbst, alle 15 Minuten.
page-sync-now = jetzt abgleichen
page-sync-file = Mit Datei
    .next = Ohne Verbindung trägt jemand eine Datei hin und eine zurück.
page-sync-take = Datei vom Büro nehmen
page-sync-taken = Die Datei wurde übernommen.
page-sync-give = Datei für das Büro machen
page-sync-given = Die Datei ist bei Ihren Downloads. Bringen Sie sie ins Büro.

page-roles = Rollen
    .next = Eine in jeder Zeile. Leer: jede Rolle.
page-claims = Auch fragen nach
    .next = Eines in jeder Zeile, so wie das Büro es schreibt. Persönliches nur, wenn die Regel es braucht.
page-purpose = Zweck
    .next = Die Person liest ihn, bevor sie antwortet.

## Dauer, Datum und Listen

span-seconds = { $n } s
span-minutes = { $n } min
span-hours = { $n } h
span-days =
    { $n ->
        [one] { $n } Tag
       *[other] { $n } Tage
    }
date = { $day }.{ $month }.{ $year } { $hour }:{ $minute } { $zone }
list-comma = {", "}
list-and = { $most } und { $last }
