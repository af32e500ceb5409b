//! Messages without arguments: one list for all of them.

macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)+) => {
        /// A message without arguments.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Plain { $($(#[$doc])* $name,)+ }

        impl Plain {
            /// Every one of them, for the catalogues.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub(super) const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }
        }
    };
}

plain! {
    /// Allow.
    Allow = "word-allow";
    /// Caution.
    Caution = "word-caution";
    /// Deny.
    Deny = "word-deny";
    /// Cannot check.
    CannotCheck = "word-cannot-check";

    /// The role shown.
    Role = "label-role";
    /// The places it is good for.
    Where = "label-where";
    /// The end of its validity.
    ValidUntil = "label-valid-until";
    /// The issuer.
    IssuedBy = "label-issued-by";
    /// Members that nothing acts on.
    AlsoSays = "label-also-says";
    /// The age of the evidence.
    Evidence = "label-evidence";
    /// The rule that decided.
    Rule = "label-rule";
    /// The clock.
    Clock = "label-clock";
    /// The time without a link.
    Offline = "label-offline";
    /// The extra step of an amber verdict.
    ExtraStep = "label-extra-step";
    /// The next action.
    Now = "label-now";

    /// No role was shown.
    NoRole = "no-role";
    /// Every place.
    Everywhere = "everywhere";
    /// An empty list.
    Nothing = "nothing";

    /// Signature and issuer hold.
    Genuine = "check-genuine";
    /// The dates hold.
    WithinDates = "check-dates";
    /// Not withdrawn.
    NotWithdrawn = "check-withdrawn";
    /// The holder's own device.
    OwnDevice = "check-device";
    /// The gate's own question.
    AnswersQuestion = "check-question";
    /// The claims that were asked for.
    ShowsAsked = "check-asked";
    /// The site's rules.
    AllowedHere = "check-rules";

    /// The gate is being opened.
    Starting = "screen-starting";
    /// Advice while the gate does not say that it is ready.
    StartingNext = "screen-starting.next";
    /// The gate waits for a code.
    Ready = "screen-ready";
    /// Advice while it waits.
    ReadyNext = "screen-ready.next";
    /// The gate can decide about some roles only.
    SomeRoles = "screen-some-roles";
    /// The gate can decide about nobody any more.
    NoLonger = "screen-no-longer";
    /// Advice then.
    NoLongerNext = "screen-no-longer.next";
    /// The gate can decide about nobody yet.
    NotYet = "screen-not-yet";
    /// Advice then.
    NotYetNext = "screen-not-yet.next";
    /// Something was changed on the gate.
    Tampered = "screen-tampered";
    /// Advice then.
    TamperedNext = "screen-tampered.next";
    /// No question could be made.
    NoQuestion = "screen-no-question";
    /// Advice while some codes of several have come.
    GatheringNext = "screen-gathering-next";
    /// The answer is being checked.
    Deciding = "screen-deciding";
    /// What a person said is being written down.
    Settling = "screen-settling";
    /// The gate is locked.
    Locked = "screen-locked";
    /// Advice then.
    LockedNext = "screen-locked.next";
    /// The engine stopped in the middle.
    Trapped = "screen-trapped";
    /// Advice then.
    TrappedNext = "screen-trapped.next";
    /// The camera may not be used.
    ScannerDenied = "screen-scanner-denied";
    /// Advice then.
    ScannerDeniedNext = "screen-scanner-denied.next";
    /// The camera or scanner is gone.
    ScannerGone = "screen-scanner-gone";
    /// Advice then.
    ScannerGoneNext = "screen-scanner-gone.next";

    /// Asks who did the step.
    AskBy = "ask-by";
    /// Asks for the second person.
    AskSecond = "ask-second";
    /// Asks for the reason.
    AskReason = "ask-reason";

    /// A code of somebody else's system.
    Foreign = "notice-foreign";
    /// A code that was damaged on the way.
    Damaged = "notice-damaged";
    /// A code of a newer version.
    Newer = "notice-newer";
    /// A gate's question instead of an answer.
    IsQuestion = "notice-question";
    /// More bytes than an answer has.
    TooLong = "notice-too-long";
    /// The code that was decided about just now.
    Again = "notice-again";
    /// The step was written down.
    Confirmed = "notice-confirmed";
    /// The step was written down, and a newer list denies the credential.
    ConfirmedFlagged = "notice-confirmed-flagged";
    /// It was written down that the person did not go in.
    TurnedAway = "notice-turned-away";
    /// The second person is the first one again.
    SamePerson = "notice-same-person";
    /// The step could not be written down.
    NotSettled = "notice-not-settled";
    /// The synchronization runs.
    Syncing = "notice-syncing";
    /// The synchronization ended well.
    Synced = "notice-synced";
    /// The synchronization failed.
    SyncFailed = "notice-sync-failed";
    /// The door's command failed.
    DoorFailed = "notice-door-failed";

    /// There is no data of the site.
    NoData = "banner-no-data";

    /// Go on to the next scan.
    DoNext = "do-next";
    /// Make a new question.
    DoAsk = "do-ask";
    /// Try again.
    DoRetry = "do-retry";
    /// Cancel.
    DoCancel = "do-cancel";
    /// Confirm the step.
    DoConfirm = "do-confirm";
    /// Turn the person away.
    DoTurnAway = "do-turn-away";
    /// Synchronise.
    DoSync = "do-sync";
    /// Unlock.
    DoUnlock = "do-unlock";

    /// There is a gate already.
    RefusedExists = "refused-exists";
    /// Advice then.
    RefusedExistsNext = "refused-exists.next";
    /// The question cannot be asked.
    RefusedQuestion = "refused-question";
    /// Advice then.
    RefusedQuestionNext = "refused-question.next";
    /// The pass phrase is too weak.
    RefusedWeak = "refused-weak";
    /// Advice then.
    RefusedWeakNext = "refused-weak.next";
    /// The rules of the site do not let a gate open as this one does.
    RefusedRules = "refused-rules";
    /// Advice then.
    RefusedRulesNext = "refused-rules.next";
    /// The number is not that of the root.
    RefusedNumber = "refused-number";
    /// Advice then.
    RefusedNumberNext = "refused-number.next";
    /// A person's word cannot be written down.
    RefusedNobody = "refused-nobody";
    /// Advice then.
    RefusedNobodyNext = "refused-nobody.next";
    /// The file is not one of ours.
    RefusedFile = "refused-file";
    /// Advice then.
    RefusedFileNext = "refused-file.next";
    /// Something was changed on the gate.
    RefusedChanged = "refused-changed";
    /// Advice then.
    RefusedChangedNext = "refused-changed.next";
    /// Nothing can be written down.
    RefusedStorage = "refused-storage";
    /// Advice then.
    RefusedStorageNext = "refused-storage.next";
    /// Another program has the vault.
    RefusedBusy = "refused-busy";
    /// Wait for it.
    RefusedBusyNext = "refused-busy.next";
    /// The data is not believed.
    RefusedNotBelieved = "refused-not-believed";
    /// Advice then.
    RefusedNotBelievedNext = "refused-not-believed.next";
    /// There is no trust data.
    RefusedNoData = "refused-no-data";
    /// Advice then.
    RefusedNoDataNext = "refused-no-data.next";
    /// The recovery code is mistyped.
    RefusedRecovery = "refused-recovery";
    /// Advice then.
    RefusedRecoveryNext = "refused-recovery.next";
    /// No tries are left.
    RefusedLockedOut = "refused-locked-out";
    /// Advice then.
    RefusedLockedOutNext = "refused-locked-out.next";
    /// That opened it for a time that is over.
    RefusedEnded = "refused-ended";
    /// Advice then.
    RefusedEndedNext = "refused-ended.next";
    /// The clock is proven to be wrong.
    RefusedClock = "refused-clock";
    /// Advice then.
    RefusedClockNext = "refused-clock.next";
    /// The name of the gate is refused.
    RefusedName = "refused-name";
    /// Advice then.
    RefusedNameNext = "refused-name.next";
    /// The site or the zone is refused.
    RefusedPlace = "refused-place";
    /// Advice then.
    RefusedPlaceNext = "refused-place.next";
    /// The server refused.
    RefusedService = "refused-service";
    /// Advice then.
    RefusedServiceNext = "refused-service.next";
    /// The server cannot be reached.
    RefusedLink = "refused-link";
    /// Advice then.
    RefusedLinkNext = "refused-link.next";
    /// It could not be done.
    RefusedOther = "refused-other";
    /// Advice then.
    RefusedOtherNext = "refused-other.next";
    /// Advice after a wrong secret.
    RefusedWrongSecretNext = "refused-wrong-secret.next";
    /// Advice while the gate waits after wrong tries.
    RefusedWaitNext = "refused-wait.next";
    /// A synchronization brought nothing newer.
    NothingNewer = "notice-nothing-newer";
    /// Advice about a bundle that is kept aside.
    AsideNext = "kept-aside.next";
    /// The trust data.
    LabelData = "label-data";
    /// The end of the enrolment.
    LabelEnrolled = "label-enrolled";
    /// The log.
    LabelLog = "label-log";
    /// Admissions to look at.
    LabelFlags = "label-flags";
    /// A bundle that is kept aside.
    LabelAside = "label-aside";
    /// The gate is not enrolled.
    NotEnrolled = "not-enrolled";
    /// The site ended the enrolment.
    EnrolmentEnded = "enrolment-ended";


    // The page itself.
    /// The page waits for the gate's program.
    PageStarting = "page-boot-starting";
    /// Another tab has the gate.
    PageTaken = "page-boot-taken";
    /// Advice then.
    PageTakenNext = "page-boot-taken.next";
    /// The browser keeps no files for the page.
    PageStorage = "page-boot-storage";
    /// Advice then.
    PageStorageNext = "page-boot-storage.next";
    /// The browser deleted the files of the open gate.
    PageBootGone = "page-boot-gone";
    /// Advice then.
    PageBootGoneNext = "page-boot-gone.next";
    /// The gate's program did not start.
    PageFailed = "page-boot-failed";
    /// Advice then.
    PageFailedNext = "page-boot-failed.next";
    /// The native gate does not know this window.
    PageToken = "page-boot-token";
    /// Advice then.
    PageTokenNext = "page-boot-token.next";
    /// Try again.
    PageRetry = "page-boot-retry";
    /// The browser runs no scripts.
    PageScript = "page-boot-script";
    /// The menu.
    PageMenu = "page-menu";
    /// Names the line with the age of the data.
    PageBanner = "page-banner";
    /// Names the row of keys.
    PageActions = "page-actions";
    /// Back to the checkpoint.
    PageBack = "page-back";
    /// The checkpoint.
    PageCheckpoint = "page-checkpoint";
    /// The readiness of the gate.
    PageStatus = "page-status";
    /// The log.
    PageLog = "page-log";
    /// Admissions that a newer list denies.
    PageFlags = "page-flags";
    /// Synchronization.
    PageSync = "page-sync";
    /// What the questions ask for.
    PageQuestion = "page-question";
    /// The set-up.
    PageSetUp = "page-set-up";
    /// The language.
    PageLanguage = "page-language";
    /// Locks the gate.
    PageLock = "page-lock";
    /// Asks who signs.
    PageYourName = "page-your-name";
    /// Goes on to the next field.
    PageContinue = "page-continue";
    /// Saves settings.
    PageSave = "page-save";
    /// Settings were saved.
    PageSaved = "page-saved";
    /// Something takes a moment.
    PageWorking = "page-working";
    /// The engine did not answer.
    PageNoAnswer = "page-no-answer";
    /// Advice then.
    PageNoAnswerNext = "page-no-answer.next";
    /// A newer page waits.
    PageUpdate = "page-update";
    /// Advice then.
    PageUpdateNext = "page-update.next";
    /// Takes the newer page.
    PageUpdateDo = "page-update-do";
    /// The browser deleted the files of the gate that was here.
    PageGone = "page-gone";
    /// Advice then.
    PageGoneNext = "page-gone.next";
    /// The browser may delete the data of the gate.
    PageNotKept = "page-not-kept";
    /// Advice then.
    PageNotKeptNext = "page-not-kept.next";
    /// There is no link, and no data yet.
    PageFirstLink = "page-first-link";
    /// Advice then.
    PageFirstLinkNext = "page-first-link.next";
    /// Names the code of the question.
    PageQuestionCode = "page-question-code";
    /// Names the picture of the camera.
    PageCamera = "page-camera";
    /// Turns the camera off.
    PageCameraOff = "page-camera-off";
    /// Turns the camera on.
    PageCameraOn = "page-camera-on";
    /// The light of the camera.
    PageLight = "page-light";
    /// Reads a picture from a file.
    PagePicture = "page-picture";
    /// There was no code in the picture.
    PagePictureEmpty = "page-picture-empty";
    /// Heads the checks of a verdict.
    PageChecks = "page-checks";
    /// Heads the ages of the evidence.
    PageEvidence = "page-evidence";
    /// Unlocks the gate.
    PageUnlock = "page-unlock";
    /// The pass phrase.
    PagePhrase = "page-phrase";
    /// How to choose one.
    PagePhraseNext = "page-phrase.next";
    /// Unlocks with the recovery code.
    PageUseRecovery = "page-use-recovery";
    /// Unlocks with the pass phrase.
    PageUsePhrase = "page-use-phrase";
    /// The set-up of a new gate.
    PageNew = "page-new";
    /// Advice for it.
    PageNewNext = "page-new.next";
    /// The name of the gate.
    PageName = "page-name";
    /// An example.
    PageNameNext = "page-name.next";
    /// The site.
    PageSite = "page-site";
    /// Advice for it.
    PageSiteNext = "page-site.next";
    /// The zone.
    PageZone = "page-zone";
    /// Advice for it.
    PageZoneNext = "page-zone.next";
    /// The pass phrase a second time.
    PagePhraseAgain = "page-phrase-again";
    /// The two pass phrases differ.
    PagePhraseDiffers = "page-phrase-differs";
    /// Advice then.
    PagePhraseDiffersNext = "page-phrase-differs.next";
    /// Creates the gate.
    PageCreate = "page-create";
    /// The recovery code.
    PageRecovery = "page-recovery";
    /// Advice for it.
    PageRecoveryNext = "page-recovery.next";
    /// The code was written down.
    PageWritten = "page-written";
    /// The site to trust.
    PagePin = "page-pin";
    /// Advice for it.
    PagePinNext = "page-pin.next";
    /// Chooses a file.
    PageFile = "page-file";
    /// No file was chosen.
    PageNoFile = "page-no-file";
    /// The number of the root.
    PageNumber = "page-number";
    /// Advice for it.
    PageNumberNext = "page-number.next";
    /// Compares, and trusts the site.
    PagePinDo = "page-pin-do";
    /// The site is trusted.
    PagePinned = "page-pinned";
    /// The enrolment.
    PageEnrolment = "page-enrolment";
    /// Advice for it.
    PageEnrolmentNext = "page-enrolment.next";
    /// Names the code of the enrolment.
    PageEnrolmentCode = "page-enrolment-code";
    /// Saves the enrolment as a file.
    PageSaveFile = "page-save-file";
    /// Heads the next actions.
    PageToDo = "page-to-do";
    /// Asks about the date of data that is kept aside.
    PageAside = "page-aside";
    /// Says that the date is right.
    PageAsideRight = "page-aside-right";
    /// Heads the damage that was found.
    PageFindings = "page-findings";
    /// Acknowledges a finding or a flag.
    PageAcknowledge = "page-acknowledge";
    /// The clock.
    PageClock = "page-clock";
    /// Advice for it.
    PageClockNext = "page-clock.next";
    /// Confirms the clock.
    PageClockRight = "page-clock-right";
    /// The log is empty.
    PageLogEmpty = "page-log-empty";
    /// Shows older records.
    PageLogMore = "page-log-more";
    /// Marks a record to look at.
    PageFlagged = "page-flagged";
    /// Advice for flags.
    PageFlagsNext = "page-flags.next";
    /// There are no flags.
    PageFlagsEmpty = "page-flags-empty";
    /// Advice for it.
    PageSyncNext = "page-sync.next";
    /// By link.
    PageSyncLink = "page-sync-link";
    /// Advice for it.
    PageSyncLinkNext = "page-sync-link.next";
    /// Synchronises by link.
    PageSyncNow = "page-sync-now";
    /// By file.
    PageSyncFile = "page-sync-file";
    /// Advice for it.
    PageSyncFileNext = "page-sync-file.next";
    /// Takes a file of the office.
    PageSyncTake = "page-sync-take";
    /// The file was taken.
    PageSyncTaken = "page-sync-taken";
    /// Makes a file for the office.
    PageSyncGive = "page-sync-give";
    /// The file was made.
    PageSyncGiven = "page-sync-given";
    /// Advice for it.
    PageQuestionNext = "page-question.next";
    /// The roles that are asked for.
    PageRoles = "page-roles";
    /// Advice for them.
    PageRolesNext = "page-roles.next";
    /// Further things that are asked for.
    PageClaims = "page-claims";
    /// Advice for them.
    PageClaimsNext = "page-claims.next";
    /// The purpose of the question.
    PagePurpose = "page-purpose";
    /// Advice for it.
    PagePurposeNext = "page-purpose.next";
}
