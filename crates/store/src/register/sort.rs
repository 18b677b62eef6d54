//! By what a register is sorted, and how that is said in SQL.

/// By what a register is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Its day, and within a day as the bank has them.
    #[default]
    Date,
    /// The account's name.
    Account,
    /// The payee's name.
    Payee,
    /// The note.
    Note,
    /// The category.
    Category,
    /// The amount.
    Amount,
    /// How far it has come.
    State,
}

impl Sort {
    /// The joins that its expression needs inside the choice of the page.
    pub(super) fn joins(self) -> &'static str {
        match self {
            Self::Account => " JOIN accounts sa ON sa.organization_id = t.organization_id AND sa.id = t.account_id",
            Self::Payee => " LEFT JOIN payees sp ON sp.organization_id = t.organization_id AND sp.id = t.payee_id",
            Self::Note | Self::Category => {
                " LEFT JOIN transaction_lines sl ON sl.organization_id = t.organization_id \
                 AND sl.transaction_id = t.id AND sl.position = 0 \
                 LEFT JOIN categories sk ON sk.organization_id = sl.organization_id AND sk.id = sl.category_id \
                 LEFT JOIN categories sm ON sm.organization_id = sk.organization_id AND sm.id = sk.parent_id"
            }
            Self::Date | Self::Amount | Self::State => "",
        }
    }

    /// Whether an index has the rows in this order.
    pub(super) fn is_walked(self) -> bool {
        matches!(self, Self::Date | Self::Amount)
    }

    /// What the page is chosen by: expressions of the row and of its joins, each to be followed by its direction.
    fn inner(self) -> &'static [&'static str] {
        match self {
            Self::Date => &["t.dated_on", "t.position", "t.id"],
            Self::Account => &["sa.name_folded", "t.dated_on", "t.position", "t.id"],
            Self::Payee => &["COALESCE(sp.name_folded, '')", "t.dated_on", "t.position", "t.id"],
            // Its beginning is what the index of notes has.
            Self::Note => &[
                "SUBSTR(COALESCE(sl.note_folded, ''), 1, 100)",
                "COALESCE(sl.note_folded, '')",
                "t.dated_on",
                "t.position",
                "t.id",
            ],
            Self::Category => &[
                "COALESCE(sm.name_folded, sk.name_folded, '')",
                "COALESCE(sk.name_folded, '')",
                "t.dated_on",
                "t.position",
                "t.id",
            ],
            Self::Amount => &["t.amount_minor", "t.dated_on", "t.position", "t.id"],
            Self::State => &[
                "CASE WHEN t.status = 'pending' THEN 0 WHEN t.status = 'scheduled' THEN 1 WHEN t.status = 'declined' THEN 2 \
                 WHEN t.reconciled_at IS NOT NULL THEN 5 WHEN t.provider_dated_on IS NOT NULL THEN 4 \
                 WHEN t.cleared_at IS NOT NULL THEN 4 ELSE 3 END",
                "t.dated_on",
                "t.position",
                "t.id",
            ],
        }
    }

    /// `ORDER BY …` of the choice of the page.
    pub(super) fn order(self, is_ascending: bool) -> String {
        let direction = if is_ascending { "ASC" } else { "DESC" };
        let parts: Vec<String> = self.inner().iter().map(|expression| format!("{expression} {direction}")).collect();
        format!(" ORDER BY {}", parts.join(", "))
    }

    /// The same order for the rows of the page, whose joins have other names.
    pub(super) fn order_of_page(self, is_ascending: bool) -> String {
        [("sa.", "a."), ("sp.", "p."), ("sl.", "l."), ("sk.", "k0."), ("sm.", "k1.")]
            .iter()
            .fold(self.order(is_ascending), |order, (inner, outer)| order.replace(inner, outer))
    }
}
