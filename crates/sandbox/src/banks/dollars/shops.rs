//! Where these households shop. All of it is invented.

/// One shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shop {
    pub(crate) name: &'static str,
    /// Town and state, or province.
    pub(crate) place: &'static str,
    pub(crate) category: &'static str,
    /// Cheapest and dearest purchase, positive.
    pub(crate) from_minor: i64,
    pub(crate) to_minor: i64,
}

const fn shop(name: &'static str, place: &'static str, category: &'static str, from_minor: i64, to_minor: i64) -> Shop {
    Shop { name, place, category, from_minor, to_minor }
}

pub(crate) const AMERICAN: &[Shop] = &[
    shop("Coffee Shop", "Seattle WA", "Food", 380, 890),
    shop("Larch & Barley Market", "Seattle WA", "Groceries", 1_250, 9_800),
    shop("Puddlejump Grocers", "Tacoma WA", "Groceries", 2_100, 11_400),
    shop("Blue Heron Fuel", "Renton WA", "Auto", 2_800, 6_100),
    shop("Tidepool Books", "Seattle WA", "Shopping", 900, 4_600),
    shop("Old Ferry Hardware", "Bremerton WA", "Home", 700, 13_500),
    shop("Noodle Lantern", "Seattle WA", "Restaurants", 1_400, 4_900),
    shop("Skylark Transit", "Seattle WA", "Travel", 275, 275),
];

pub(crate) const CANADIAN: &[Shop] = &[
    shop("Café du Canal", "Montréal QC", "Food", 325, 975),
    shop("Birchbark Grocers", "Ottawa ON", "Groceries", 1_500, 12_200),
    shop("Maple Ferry Fuel", "Kingston ON", "Auto", 3_400, 7_800),
    shop("Loonshore Outfitters", "Kingston ON", "Shopping", 1_900, 15_600),
    shop("Pharmacie des Pins", "Gatineau QC", "Health", 600, 5_400),
    shop("Trestle Street Diner", "Ottawa ON", "Restaurants", 1_600, 5_100),
];
