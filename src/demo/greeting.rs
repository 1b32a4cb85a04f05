//! What the terminal says when the demo is open.

use super::opening::Opening;
use super::population::People;
use crate::booking::Booking;

pub(super) fn print(say: &mut dyn FnMut(&str), port: u16, booking: &Booking, people: &People, opening: &Opening) {
    let territory = &booking.territory;
    let id = &territory.id;
    let base = format!("http://127.0.0.1:{port}");
    let local = territory.zone.local(booking.now());
    say(&format!(
        "Aiguilleur, démonstration : {} ({} communes, {} habitants)",
        territory.name,
        territory.communes.len(),
        territory.population()
    ));
    say("Toutes les personnes sont fictives. Pour une urgence réelle, appelez le 15.");
    say(&format!("Horloge du service : {}", local.format("%d/%m/%Y %H:%M")));
    if opening.moved {
        say("  (hors des heures ouvrées : l'horloge démarre au prochain jour ouvré, 9 h ; choisissez avec --at)");
    }
    let origin = if people.made { "" } else { " (retrouvés dans le dossier de données)" };
    say(&format!(
        "{} praticiens, {} créneaux à venir, {} demandes en attente{origin}",
        people.practitioners, people.slots, people.waiting
    ));
    say("");
    say("Pages :");
    say(&format!("  {base}/                     accueil"));
    say(&format!("  {base}/console/{id}         régulation (opérateur)"));
    say(&format!("  {base}/api/openapi.json     description de l'API"));
    say("Jetons de démonstration (Authorization: Bearer …) :");
    say("  demo-operator  demo-regulator  demo-coordinator  demo-system");
    if let Some(practitioner) = booking.view.read(|state| state.directory.all().next().cloned()) {
        say(&format!("  demo-practitioner-<rpps>, par exemple demo-practitioner-{}", practitioner.rpps));
    }
    say("");
}
