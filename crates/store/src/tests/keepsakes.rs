//! What was made at a provider: kept once, and found again after keys were forgotten.

use bankside_vault::{Sealed, WrappedKey};

use crate::Keepsake;
use crate::tests::on_both;

on_both! {
    what_was_made_is_kept_once_and_stays(world) {
        let new = |byte: u8| Keepsake {
            data_key: WrappedKey::from_bytes(vec![byte]),
            content: Sealed::from_bytes(vec![byte, byte]),
        };
        let keep = async |provider: &str, name: &[u8], byte: u8| {
            let kept = world.store.keep_once(&world.asker, provider, name, &new(byte)).await.unwrap();
            (kept.data_key.as_bytes().to_vec(), kept.content.as_bytes().to_vec())
        };
        let (one, two) = ((vec![1], vec![1, 1]), (vec![2], vec![2, 2]));
        assert_eq!(keep("finapi", b"name", 1).await, one);
        assert_eq!(keep("finapi", b"name", 2).await, one, "the first one counts");
        assert_eq!(keep("finapi", b"other", 2).await, two);
        assert_eq!(keep("elsewhere", b"name", 2).await, two);
        world.store.forget_credentials(&world.asker, "finapi").await.unwrap();
        assert_eq!(keep("finapi", b"name", 3).await, one, "it cannot be had again");
    }
}
