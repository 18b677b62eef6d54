//! What helps against Pluggy's faults. Source: sections 4 and 10 of the fact sheet.

use crate::descriptor::Advice;

/// By the codes of the faults.
pub(super) const ADVICE: &[Advice] = &[
    Advice {
        code: "pluggy.keys_refused",
        what: "Compare the Client ID and the Client secret with those under Applications in the Pluggy dashboard. \
               Both are texts with four dashes.",
    },
    Advice {
        code: "pluggy.client_disabled",
        what: "Look in the Pluggy dashboard at the state of the team and its trial. Items of Meu Pluggy that were \
               connected in time go on for free.",
    },
    Advice {
        code: "pluggy.trial",
        what: "Banks can be added only while the trial runs, and then only through Meu Pluggy or the sandbox. What is \
               connected goes on.",
    },
    Advice {
        code: "pluggy.item_unknown",
        what: "An item gets another ID when its bank is connected anew, and each application sees only its own. Copy \
               the ID again from the demo of the application that these keys are of, or take it off the list.",
    },
    Advice {
        code: "pluggy.item_gone",
        what: "Resync takes the ID of the item that has taken its place. Accounts and what was synced stay.",
    },
    Advice {
        code: "pluggy.revoked",
        what: "Connect the bank anew at Meu Pluggy or in the dashboard. If that makes another item, resync takes its \
               ID.",
    },
    Advice {
        code: "pluggy.consent_ended",
        what: "In Open Finance a consent lasts a year at most. It is given anew where it was given first.",
    },
    Advice {
        code: "pluggy.no_accounts",
        what: "At Meu Pluggy an account has to be created from the bank that was connected before it is shown here.",
    },
    Advice {
        code: "pluggy.partly",
        what: "The other accounts are up to date. Pluggy tries this one again with its next reading.",
    },
    Advice {
        code: "pluggy.rate_limited",
        what: "The limit holds for this server's address. Other programs that use Pluggy from it spend it too.",
    },
    Advice {
        code: "pluggy.switched_off",
        what: "A newer version of this program is needed. Tell whoever runs this server.",
    },
    Advice {
        code: "pluggy.intercepted",
        what: "Ask whoever runs this server whether a proxy or a firewall stands between it and api.pluggy.ai.",
    },
    Advice {
        code: "pluggy.moved",
        what: "Look at the base address of Pluggy in the configuration of this server; it begins with https.",
    },
];
