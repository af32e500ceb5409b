# « Poste » : ce poste de contrôle. « Titre » : ce que la personne présente.

## Verdicts

word-allow = AUTORISÉ
word-caution = ATTENTION
word-deny = REFUSÉ
word-cannot-check = VÉRIFICATION IMPOSSIBLE

ok =
    .headline = Autorisé
    .meaning = Tout a été vérifié et tout est en règle.
    .next = Laissez passer la personne.
stale_revocations =
    .headline = Liste ancienne
    .meaning = La liste des titres retirés est plus ancienne que ce que ce rôle demande.
    .next = Faites l'étape supplémentaire indiquée, puis synchronisez ce poste dès qu'il y a une connexion.
stale_trust =
    .headline = Données anciennes
    .meaning = Ce que ce poste sait des émetteurs est plus ancien que ce que ce rôle demande.
    .next = Faites l'étape supplémentaire indiquée, puis synchronisez ce poste dès qu'il y a une connexion.
clock_suspect =
    .headline = Heure incertaine
    .meaning = L'heure de ce poste n'a pas été confirmée récemment.
    .next = Comparez l'heure affichée avec votre montre. Si elle est fausse, arrêtez et appelez le responsable.
expires_soon =
    .headline = Expire bientôt
    .meaning = Le titre arrive bientôt à sa fin.
    .next = Dites à la personne quand il expire et demandez-lui de le renouveler.
two_person =
    .headline = Second agent requis
    .meaning = La règle n'admet cette personne que si deux agents sont d'accord.
    .next = Appelez un second agent ; les deux confirment.
escort =
    .headline = Accompagnement requis
    .meaning = Personne ici ne peut savoir si le titre a été retiré ; la règle laisse entrer la personne accompagnée.
    .next = Ne laissez entrer la personne qu'avec quelqu'un du site à ses côtés, tout le temps.
break_glass =
    .headline = Dérogation d'urgence
    .meaning = Seule la règle d'urgence admet cette personne.
    .next = Ne laissez entrer la personne qu'en cas d'urgence. Demandez pourquoi ; la dérogation est enregistrée et sera examinée.
peer_check =
    .headline = Vérifié, pas admis
    .meaning = Cet appareil n'est pas un poste du site. Il dit ce qu'il sait et n'admet personne.
    .next = Décidez vous-même. Regardez l'âge des données ; un poste du site en sait peut-être plus.
seen_recently =
    .headline = Vu à l'instant
    .meaning = Le même titre est passé à ce poste il y a peu de temps.
    .next = Regardez la personne : assurez-vous que personne n'a repassé le titre à quelqu'un d'autre.
bearer_pass =
    .headline = Carte imprimée
    .meaning = Une carte imprimée a été montrée. N'importe qui peut en copier une : elle ne dit pas qui l'apporte.
    .next = Faites le contrôle d'identité que la règle demande, et ne confirmez que si la personne le réussit.
revoked =
    .headline = Retiré
    .meaning = L'émetteur a retiré ce titre.
    .next = Ne laissez pas passer la personne. Demandez-lui de contacter l'émetteur.
suspended =
    .headline = Suspendu
    .meaning = L'émetteur a suspendu ce titre pour le moment.
    .next = Ne laissez pas passer la personne. Demandez-lui de contacter l'émetteur.
expired =
    .headline = Expiré
    .meaning = La durée de validité du titre est terminée.
    .next = Ne laissez pas passer la personne. Demandez-lui de renouveler le titre.
not_yet_valid =
    .headline = Pas encore valable
    .meaning = La validité du titre n'a pas commencé.
    .next = Ne laissez pas passer la personne. Demandez-lui de revenir quand elle commence.
untrusted_issuer =
    .headline = Émetteur inconnu
    .meaning = Le titre ne vient d'aucun émetteur reconnu par ce site.
    .next = Ne laissez pas passer la personne. Demandez-lui un titre d'un émetteur reconnu.
issuer_not_authorised =
    .headline = Émetteur non habilité
    .meaning = L'émetteur est connu, mais il n'a pas le droit d'émettre ce rôle, ce site, ce type ou cette durée.
    .next = Ne laissez pas passer la personne. Signalez le nom de l'émetteur au responsable.
key_compromised =
    .headline = Clé de l'émetteur volée
    .meaning = La clé qui a signé le titre a été volée : n'importe qui a pu le fabriquer.
    .next = Ne laissez pas passer la personne. Demandez-lui d'obtenir un nouveau titre auprès de l'émetteur.
bad_signature =
    .headline = Faux ou endommagé
    .meaning = La signature ne correspond pas à ce que dit le titre.
    .next = Ne laissez pas passer la personne. Demandez-lui de le présenter encore une fois ; si cela échoue encore, appelez le responsable.
holder_binding_failed =
    .headline = Pas l'appareil du titulaire
    .meaning = Le titre n'a pas été présenté par l'appareil pour lequel il a été émis.
    .next = Ne laissez pas passer la personne. Demandez-lui de le présenter depuis son propre appareil.
nonce_mismatch =
    .headline = Réponse à une autre question
    .meaning = Ce qui est présenté ne répond pas à la question de ce poste.
    .next = Recommencez avec une nouvelle question et demandez à la personne de la scanner.
wrong_audience =
    .headline = Pour un autre poste
    .meaning = Ce qui est présenté a été fait pour un autre poste.
    .next = Recommencez avec une nouvelle question et demandez à la personne de la scanner ici.
challenge_expired =
    .headline = Trop tard
    .meaning = La réponse est arrivée après la fin de la question.
    .next = Recommencez avec une nouvelle question et demandez à la personne d'y répondre tout de suite.
replayed =
    .headline = Déjà utilisé
    .meaning = Ceci a déjà été présenté.
    .next = Ne laissez pas passer la personne. Recommencez avec une nouvelle question et regardez qui répond.
role_missing =
    .headline = Rôle non montré
    .meaning = Ce que ce poste demande n'a pas été montré.
    .next = Demandez à la personne de présenter à nouveau et de partager le rôle demandé.
policy_denied =
    .headline = Pas autorisé ici
    .meaning = Aucune règle de ce poste n'admet ce rôle.
    .next = Ne laissez pas passer la personne. Indiquez-lui le bon poste ou le bon guichet.
policy_expired =
    .headline = Règles du poste périmées
    .meaning = Les règles de ce poste ont dépassé leur date.
    .next = N'admettez personne avec cet écran. Synchronisez ce poste ou appelez le responsable.
policy_error =
    .headline = Règles du poste en échec
    .meaning = Une règle n'a pas pu être évaluée, donc rien ne peut être décidé avec elle.
    .next = N'admettez personne avec cet écran. Signalez-le au responsable.
data_too_old =
    .headline = Données trop anciennes
    .meaning = Ce que ce poste sait est plus ancien que ce que ce rôle permet.
    .next = Ne laissez pas passer la personne. Synchronisez ce poste, puis demandez-lui de présenter à nouveau.
malformed =
    .headline = Illisible
    .meaning = Ce qui a été présenté n'est pas lisible.
    .next = Demandez à la personne de présenter à nouveau ; si cela échoue encore, refusez.
status_unknown =
    .headline = Vérification impossible
    .meaning = Personne ici ne peut savoir si le titre a été retiré.
    .next = Ne laissez pas passer la personne avec cet écran. Synchronisez ce poste, ou suivez la règle du site pour ces cas.
no_bundle =
    .headline = Poste non configuré
    .meaning = Ce poste n'a pas les données du site.
    .next = N'admettez personne avec cet écran. Inscrivez d'abord ce poste.
clock_unusable =
    .headline = Heure fausse
    .meaning = L'heure de ce poste n'est pas fiable, donc aucune date ne peut être vérifiée.
    .next = N'admettez personne avec cet écran. Réglez l'heure ou synchronisez ce poste.
gate_not_enrolled =
    .headline = Poste non inscrit
    .meaning = Ce poste n'est pas inscrit auprès du site, ou son inscription est terminée.
    .next = N'admettez personne avec cet écran. Synchronisez ce poste ou appelez le responsable, qui peut l'inscrire à nouveau.
trust_tampered =
    .headline = Données modifiées
    .meaning = Les données du site sur cet appareil ne sont pas celles que son coffre a vues : elles sont plus anciennes, absentes, illisibles ou d'un autre site.
    .next = N'admettez personne avec cet écran. Appelez le responsable, qui apporte les données les plus récentes.
device_tampered =
    .headline = Poste modifié
    .meaning = Des clés, l'état, des questions ou le journal de ce poste ont été endommagés, effacés ou remplacés par une copie plus ancienne.
    .next = N'admettez personne avec cet écran. Appelez le responsable, qui examine ce qui a été trouvé et le valide.
storage_failed =
    .headline = Enregistrement impossible
    .meaning = La décision n'a pas pu être enregistrée, donc elle ne compte pas.
    .next = N'admettez personne avec cet écran. Libérez de la place sur l'appareil ou appelez le responsable.

## Qui, pourquoi, de quand. Les étiquettes ont au plus 12 lettres.

label-role = rôle
label-where = lieu
label-valid-until = valable au
label-issued-by = émis par
label-also-says = dit aussi
label-evidence = données
label-rule = règle
label-clock = heure
label-offline = hors ligne
label-extra-step = étape en +
label-now = maintenant

no-role = aucun rôle montré
everywhere = partout
nothing = rien
not-checked = { $members } (non vérifié)

check-genuine = authentique, et l'émetteur en a le droit
check-dates = dans ses dates de validité
check-withdrawn = pas retiré, d'après ce que ce poste sait
check-device = présenté par l'appareil pour lequel il a été émis
check-question = répond à la question de ce poste, à l'instant
check-asked = montre ce qui a été demandé
check-rules = autorisé ici par les règles du site

evidence-revocation =
    .age = liste de retrait : { $age }
    .date = liste de retrait du { $date }
evidence-trust =
    .age = données du site : { $age }
    .date = données du site du { $date }
evidence-rules =
    .age = règles : { $age }
    .date = règles du { $date }

clock-anchored = confirmée par une heure signée depuis le démarrage de cet appareil
clock-low = pas confirmée depuis le démarrage de cet appareil
clock-suspect = à comparer avec une montre : une personne l'a confirmée, ou l'heure signée continue sans elle
clock-behind-signed = l'heure est en retard sur la dernière heure signée
clock-behind-seen = l'heure est en retard sur une heure que cet appareil a déjà vue
clock-stepped = l'heure a été changée depuis le démarrage, ou elle avance sur la réponse de l'émetteur
clock-boots = trop de redémarrages sans heure signée
clock-decisions = trop de décisions sans heure signée
clock-evidence-ahead = des données signées sont dans le futur de cette heure

works-until = fonctionne pour ce rôle jusqu'au { $date } ({ $what })
works-ended = TERMINÉ depuis { $age } ({ $date }) ({ $what })
ends-list = liste d'état { $uri }
ends-missing-list = liste d'état manquante { $uri }
ends-age = âge des données du site
ends-expiry = fin des données du site
ends-policy = règles
ends-enrolment = inscription de ce poste

step-confirm = regardez, puis confirmez
step-override = décidez vous-même ; c'est enregistré comme dérogation
step-escort = quelqu'un du site reste avec la personne
step-second-person = un second agent doit être d'accord
step-identity = contrôlez l'identité de la personne ; la façon est enregistrée
step-break-glass = en urgence seulement ; c'est enregistré et examiné

## Le poste quand personne n'est contrôlé

screen-starting = Le poste s'ouvre
    .next = Si cela dure, réessayez ou appelez le responsable.
screen-ready = Prêt
    .next = Montrez la question à la personne, ou scannez une carte.
screen-no-question = Aucune question n'a pu être faite
screen-some-roles = trop ancien pour certains rôles : synchronisez
screen-no-longer = Ce poste ne peut plus décider
    .next = Apportez des données récentes : synchronisez, ou appelez le responsable.
screen-not-yet = Ce poste ne peut pas encore décider
    .next = Il lui faut les données du site et une inscription. Appelez le responsable.
screen-tampered = Quelque chose a été modifié sur ce poste
    .next = N'admettez personne. Appelez le responsable, qui examine ce qui a été trouvé.
screen-gathering = { $have } codes sur { $count }
screen-gathering-next = Continuez à scanner jusqu'à ce que tous soient lus.
screen-deciding = Vérification en cours
screen-settling = Enregistrement en cours
screen-locked = Le poste est verrouillé
    .next = Déverrouillez-le pour continuer.
screen-trapped = La vérification s'est arrêtée en route
    .next = Rien n'a été décidé, et ce n'est la faute de personne. Demandez à la personne de scanner la nouvelle question.
screen-scanner-denied = La caméra n'est pas autorisée
    .next = Autorisez la caméra dans les réglages, ou utilisez un lecteur qui tape.
screen-scanner-gone = Le lecteur n'est plus là
    .next = Rebranchez-le, ou utilisez-en un autre.

ask-by = Qui confirme ? Votre nom
ask-second = Le nom du second agent
ask-reason = Pourquoi ?

notice-foreign = Ce code n'est pas le nôtre. Scannez celui de la personne.
notice-damaged = Ce code n'a pas pu être lu. Scannez-le encore une fois.
notice-newer = Ce code vient d'une version plus récente. Mettez ce poste à jour.
notice-question = C'est la question d'un poste. Scannez la réponse sur l'appareil de la personne.
notice-too-long = C'est trop long pour une réponse.
notice-again = Ce code vient d'être vérifié.
notice-confirmed = Enregistré : l'étape a été faite.
notice-confirmed-flagged = Enregistré. Une liste arrivée entre-temps refuse ce titre : appelez le responsable.
notice-turned-away = Enregistré : la personne a été refusée.
notice-same-person = Le second garde est quelqu'un d'autre. Tapez son nom.
notice-not-settled = Cela n'a pas pu être enregistré. Personne n'a été admis.
notice-syncing = Synchronisation en cours
notice-synced = Synchronisé
notice-sync-failed = Pas synchronisé. Ce que le poste sait n'a pas changé.
notice-door-failed = La porte ne s'est pas ouverte d'elle-même.

banner-no-data = pas encore de données du site
banner-age = données : { $age }
banner-age-until = données : { $age }, fonctionne hors ligne jusqu'au { $date }
banner-flags =
    { $count ->
        [one] { $count } entrée à examiner
       *[other] { $count } entrées à examiner
    }

shift = { $allowed } autorisés, { $cautions } avec attention, { $denied } refusés, { $unknown } non vérifiables

do-next = scan suivant
do-ask = nouvelle question
do-retry = réessayer
do-cancel = annuler
do-confirm = l'étape est faite
do-turn-away = personne refusée
do-sync = synchroniser
do-unlock = déverrouiller

## Ce qu'une page refuse, et que faire alors

refused-wrong-secret = Cela n'ouvre pas ce poste. Essais restants : { $left }
    .next = Vérifiez le clavier et réessayez. Le code de secours l'ouvre aussi.
refused-wait = Trop d'essais manqués. Attendez { $age }
    .next = Réessayez ensuite. Le code de secours l'ouvre aussi.
refused-locked-out = Il ne reste aucun essai pour la phrase secrète
    .next = Ouvrez-le avec le code de secours, ou appelez le responsable.
refused-ended = Cela ouvrait ce poste pour une durée qui est écoulée
    .next = Demandez-en un autre à la personne qui vous l’a donné, ou utilisez ce qui l’ouvre toujours.
refused-recovery = Ce n'est pas un code de secours
    .next = Il a sept groupes de quatre signes. Comparez chaque signe avec le papier.
refused-weak = Cette phrase secrète est trop facile à deviner
    .next = Prenez quatre mots ou plus que personne ne dirait ensemble.
refused-rules = Les règles de ce site ne permettent plus qu’un poste s’ouvre ainsi
    .next = Prévenez votre responsable : ce poste doit être configuré à nouveau, ou les règles changées.
refused-exists = Il y a déjà un poste sur cet appareil
    .next = Déverrouillez-le.
refused-name = Un poste ne peut pas porter ce nom
    .next = Prenez un nom court que l'on connaît sur le site.
refused-place = Un site ou une zone ne s'écrit pas ainsi
    .next = Écrivez comme le bureau : petites lettres, chiffres et tirets.
refused-question = Cette question ne peut pas être posée
    .next = Demandez moins de choses, ou raccourcissez le motif.
refused-number = Le numéro n'est pas celui de ce fichier
    .next = N'utilisez pas le fichier. Comparez encore le numéro avec le bureau.
refused-file = Ce fichier ne vient pas du bureau
    .next = Prenez le fichier que le bureau a écrit pour ce poste.
refused-not-believed = Ce qui est arrivé n'est pas cru
    .next = Rien n'a changé. Demandez-le encore au bureau, par une autre voie.
refused-no-data = Ce poste n'a pas encore de données du site
    .next = Apportez le fichier du site et le numéro qui va avec.
refused-changed = Quelque chose a été modifié sur ce poste
    .next = N'admettez personne. Appelez le responsable, qui examine ce qui a été trouvé.
refused-storage = Cela n'a pas pu être enregistré
    .next = Libérez de la place sur l'appareil, ou appelez le responsable.
refused-busy = Un autre programme de cet appareil utilise le poste
    .next = Attendez qu'il ait fini, puis scannez de nouveau. Si cela dure, appelez le responsable, qui l'arrête.
refused-nobody = Ce nom ou ce motif ne peut pas être enregistré
    .next = Dites qui vous êtes et pourquoi. La seconde personne est quelqu'un d'autre.
refused-clock = L'horloge de cet appareil est fausse
    .next = Réglez l'horloge dans les réglages de l'appareil, puis confirmez-la.
refused-service = Le serveur du bureau a refusé
    .next = Un nouvel essai aura la même réponse. Dites-le au bureau.
refused-link = Le bureau ne répond pas
    .next = Le poste continue avec ce qu'il a. Réessayez plus tard, ou apportez un fichier.
refused-other = Cela n'a pas pu se faire
    .next = Rechargez la page. Si cela dure, appelez le responsable.

## L'état et le journal sur une page

label-data = données
label-enrolled = inscrit
label-log = journal
label-flags = à examiner
label-aside = mis de côté

not-enrolled = pas encore inscrit : le bureau l'inscrit
enrolment-ended = le site a mis fin à l'inscription
kept-aside = données du { $date }, { $age } en avance sur cette horloge
    .next = Comparez l'horloge avec une montre. Si elle est fausse, réglez-la. Si elle est juste, dites-le au bureau.
notice-nothing-newer = Rien de plus récent
records = entrées : { $count }
record = n° { $seq }
flag = Le n° { $seq } est entré avant l'arrivée de la liste du { $date }, qui refuse le titre.

event-decided = décidé
event-checked = vérifié
event-trust-changed = données de confiance modifiées
event-found = modification trouvée
event-acknowledged = examiné
event-clock-confirmed = horloge confirmée
event-confirmed = étape faite, entrée
event-turned-away = refoulé
event-wrong-tries = essais manqués
event-locked-out = plus aucun essai
event-factors-changed = ce qui l'ouvre a changé
event-erased = personne effacée
event-upgraded = mis à niveau
event-taken-back = retrait annulé
event-break-glass = urgence
event-held = titre reçu
event-presented = présenté
event-removed = supprimé
event-synced = synchronisé
event-declined = refusé
event-restored = restauré
event-read = lu
event-unlocked = ouvert pour un temps
event-other = événement { $name }

## La page

page-boot-starting = Ouverture du poste
page-boot-taken = Le poste est ouvert dans un autre onglet
    .next = Continuez là-bas. Ou fermez cet autre onglet et réessayez ici.
page-boot-storage = Ce navigateur ne garde pas de fichiers pour le poste
    .next = Quittez la fenêtre privée, autorisez cette page à garder des données, puis réessayez.
page-boot-gone = Le navigateur a effacé les données du poste
    .next = N'admettez personne ici. Fermez le navigateur, relancez-le et appelez le responsable : le poste est à installer et à inscrire de nouveau. Ce qui a été synchronisé est en sûreté au bureau.
page-boot-failed = Le programme du poste n'a pas démarré
    .next = Rien n'est perdu. Réessayez, avec une liaison au bureau si possible. Si cela dure, appelez le responsable.
page-boot-token = Cette fenêtre n'appartient pas au poste
    .next = Fermez-la et relancez la borne.
page-boot-retry = réessayer
page-boot-script = Cette page a besoin de JavaScript. Autorisez-le dans les réglages du navigateur.

page-menu = Menu
page-banner = État du poste
page-actions = Que faire maintenant
page-back = retour au contrôle
page-checkpoint = Contrôle
page-status = État de préparation
page-log = Journal
page-flags = Entrées à examiner
    .next = Ces personnes sont entrées avant l'arrivée d'une liste plus récente, qui refuse leur titre. Cherchez-les, puis signez.
page-sync = Synchroniser
    .next = Le poste envoie son journal et rapporte les dernières listes et règles.
page-question = Question
    .next = Ce que ce poste demande aux gens. Demandez le moins possible.
page-set-up = Installation
page-language = Langue
page-lock = Verrouiller le poste
page-your-name = Votre nom
page-continue = continuer
page-save = enregistrer
page-saved = Enregistré.
page-working = Un instant …
page-no-answer = Le poste n'a pas répondu
    .next = Réessayez. Si cela dure, rechargez cette page.

page-update = Une version plus récente de cette page est prête.
    .next = L'installer verrouille le poste. Vous le déverrouillez ensuite.
page-update-do = l'installer maintenant
page-gone = Ce navigateur a effacé les données du poste qui était ici.
    .next = Installez et inscrivez le poste de nouveau. Ce qui a été synchronisé est en sûreté au bureau. Installez cette page comme application, pour que cela n'arrive plus.
page-not-kept = Ce navigateur peut effacer les données du poste si la place manque.
    .next = Installez cette page comme application, et synchronisez souvent.
page-first-link = Le bureau n'est pas joignable.
    .next = Apportez les données du site dans un fichier, ou revenez une fois avec une liaison.

page-question-code = Code de la question, à scanner par la personne
page-camera = Image de la caméra
page-camera-off = éteindre la caméra
page-camera-on = allumer la caméra
page-light = lumière
page-picture = lire une image
page-picture-empty = Aucun code n'a été trouvé dans cette image.
page-checks = Vérifications
page-evidence = Âge des connaissances

page-unlock = déverrouiller
page-phrase = Phrase de passe
    .next = Plusieurs mots que personne ne devine. Elle ouvre ce poste, même sans liaison.
page-use-recovery = utiliser le code de secours
page-use-phrase = utiliser la phrase de passe

page-new = Installer ce poste
    .next = Cela se fait une fois, sans liaison. Le responsable connaît les noms.
page-name = Nom du poste
    .next = On le lit dans la question : Entrée nord
page-site = Site
    .next = Comme le bureau l'écrit.
page-zone = Zone
    .next = La partie du site que ce poste garde.
page-phrase-again = Phrase de passe encore une fois
page-phrase-differs = Les deux phrases de passe sont différentes
    .next = Tapez les deux encore une fois, lentement.
page-create = installer
page-recovery = Code de secours
    .next = Notez-le maintenant sur papier, et gardez-le loin de cet appareil. Il ouvre le poste si la phrase de passe est oubliée. Il ne sera plus affiché.
page-written = Je l'ai noté
page-pin = 1. Faire confiance au site
    .next = Choisissez le fichier racine ou le lot du site. Tapez ensuite le numéro que le bureau vous a donné sur papier ou de vive voix.
page-file = choisir un fichier
page-no-file = Aucun fichier n'a été choisi
page-number = Numéro de la racine
    .next = 64 chiffres et lettres. Les espaces ne comptent pas.
page-pin-do = comparer et faire confiance
page-pinned = Le numéro correspond. Ce poste fait maintenant confiance au site.
page-enrolment = 2. Inscrire au bureau
    .next = Le bureau scanne ce code ou prend le fichier. Quand il a inscrit ce poste, synchronisez.
page-enrolment-code = Code d'inscription, à scanner par le bureau
page-save-file = enregistrer dans un fichier

page-to-do = Que faire
page-aside = Est-il vraiment aussi tard que le disent ces données, d'après une montre ou un calendrier ?
page-aside-right = il est vraiment aussi tard
page-findings = Trouvé sur ce poste
page-acknowledge = Je l'ai examiné
page-clock = Confirmer l'heure
    .next = Comparez l'heure de cet appareil avec votre montre. Confirmez seulement si elles sont d'accord.
page-clock-right = l'heure est juste
page-log-empty = Rien n'est encore enregistré.
page-log-more = afficher les plus anciens
page-flagged = à examiner
page-flags-empty = Il n'y a rien à examiner.

page-sync-link = Par liaison
    .next = Le poste essaie aussi de lui-même, toutes les 15 minutes.
page-sync-now = synchroniser maintenant
page-sync-file = Par fichier
    .next = Sans liaison, une personne porte un fichier dans chaque sens.
page-sync-take = prendre un fichier du bureau
page-sync-taken = Le fichier a été pris.
page-sync-give = faire un fichier pour le bureau
page-sync-given = Le fichier est dans vos téléchargements. Apportez-le au bureau.

page-roles = Rôles
    .next = Un par ligne. Vide : tous les rôles.
page-claims = Demander aussi
    .next = Un par ligne, comme le bureau l'écrit. Ne demandez des données personnelles que si la règle l'exige.
page-purpose = But
    .next = La personne le lit avant de répondre.

## Durées, dates et listes

span-seconds = { $n } s
span-minutes = { $n } min
span-hours = { $n } h
span-days =
    { $n ->
        [one] { $n } jour
       *[other] { $n } jours
    }
date = { $day }/{ $month }/{ $year } { $hour }:{ $minute } { $zone }
list-comma = {", "}
list-and = { $most } et { $last }
