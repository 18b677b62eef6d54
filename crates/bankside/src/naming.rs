//! How people name on the command line what there is: by id, or by a name that only one has.

use anyhow::bail;
use bankside_domain::Id;
use bankside_domain::text::fold;

/// Whether something is meant by its id or its name.
pub(crate) fn is_called(wanted: &str, id: impl Id, name: &str) -> bool {
    id.to_string() == wanted || fold(name) == fold(wanted)
}

/// The only one that was found.
pub(crate) fn only<T: Id>(what: &str, wanted: &str, found: impl Iterator<Item = T>) -> anyhow::Result<T> {
    let found: Vec<T> = found.collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => bail!("there is no {what} “{wanted}”"),
        several => {
            let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
            bail!("there are several: {what} “{wanted}”; name one by its id: {}", ids.join(", "))
        }
    }
}
