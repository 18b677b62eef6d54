//! People: what is kept with them.

use bankside_domain::{DateFormat, FormatChoice, NumberFormat};
use jiff::SignedDuration;

use crate::tests::on_both;

on_both! {
    formats_are_kept_with_the_person_and_forgotten_again(world) {
        let store = &world.store;
        let expires_at = store.ambient.now() + SignedDuration::from_hours(1);
        store.start_session_as_system(world.owner, b"digest", expires_at).await.unwrap();
        let formats = async || store.session_person_as_system(b"digest").await.unwrap().unwrap().formats;
        assert_eq!(formats().await, FormatChoice::default());
        for format in NumberFormat::ALL {
            let chosen = FormatChoice { numbers: Some(format), dates: Some(DateFormat::Iso) };
            store.set_formats_as_system(world.owner, chosen).await.unwrap();
            assert_eq!(formats().await, chosen);
        }
        store.set_formats_as_system(world.owner, FormatChoice::default()).await.unwrap();
        assert_eq!(formats().await, FormatChoice::default());
    }
}
