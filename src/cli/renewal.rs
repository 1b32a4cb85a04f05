//! `aiguilleur renew-key`: the key-encryption key of a stopped service is renewed, and whoever asked is told what to keep and
//! what to destroy.

use std::fs;

use anyhow::Context as _;

use super::operating::Data;
use crate::operations::key_renewal::Renewal;
use crate::service::{StoreChoice, connect};

/// Does it, or goes on with what was interrupted.
///
/// # Errors
/// Why not, and what to do.
pub(super) async fn run(data: &Data, by: &str, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    anyhow::ensure!(
        !data.is_served(),
        "un service tient le dossier {} : la clé ne se renouvelle qu'à l'arrêt. Arrêtez-le d'abord",
        data.folder.display()
    );
    let is_shared = matches!(data.store, StoreChoice::Redis { .. });
    if is_shared {
        say(
            "Ce magasin est un Redis : chaque service qui le partage doit être arrêté, sur tous les nœuds, jusqu'à la fin.",
        );
    } else {
        anyhow::ensure!(data.store.is_inhabited(), "{} : aucune donnée ici", data.folder.display());
    }
    let shown = data.keys.patients.display();
    // What a link leads to is replaced, not the link.
    let file = fs::canonicalize(&data.keys.patients)
        .with_context(|| format!("le fichier de clé {shown} ne peut pas être lu"))?;
    let (store, _) = connect(&data.store, data.clock.clone()).await?;
    let renewal = Renewal::begin(&*store, &file).await?;
    let new = renewal.kek().id();
    let old: Vec<_> = renewal.kek().earlier().map(|id| id.to_string()).collect();
    let old = old.join(", ");
    if renewal.is_resumed() {
        say(&format!("Reprise : {shown} contient déjà la clé {new}, et avant elle {old}. Aucune autre n'est faite."));
    } else {
        say(&format!("La clé {new} est faite et mise en première ligne de {shown} ; {old} la suit."));
    }
    for territory in renewal.territories() {
        let keys = renewal.rewrap(&*store, territory).await?;
        tracing::info!(territory = %territory, keys, to = %new, "data keys are wrapped anew");
        say(&format!("{territory} : {keys} clés passées sous {new} ; plus aucune n'est sous une autre."));
    }
    renewal.note(&*store, by).await?;
    let scrubbed = store.scrub().await;
    drop(store);
    if !is_shared {
        // Opened again, it copies what is left into a new file.
        drop(connect(&data.store, data.clock.clone()).await?);
    }
    let kept = renewal.finish()?;
    tracing::info!(from = %old, to = %new, by, "the key-encryption key is renewed");
    if let Err(error) = scrubbed {
        say(&format!(
            "Redis n'a pas réécrit son fichier AOF ({error}) : donnez +bgrewriteaof, ou lancez BGREWRITEAOF vous-même. Les clés \
             enveloppées par {old} y restent jusque-là."
        ));
    }
    say(&format!("Fait : {new} est seule dans {shown}. Sauvegardez ce fichier maintenant, à part des données."));
    if is_shared {
        say("Copiez-le sur chaque nœud avant d'y redémarrer le service.");
    }
    for path in kept {
        say(&format!(
            "Gardez {} à part, aussi longtemps que les sauvegardes faites jusqu'ici : elle seule les ouvre. Détruisez-la, et \
             toutes ses copies, avec la dernière d'entre elles : dès lors plus personne ne lit, dans aucune copie, ce qui a \
             été effacé avant aujourd'hui.",
            path.display()
        ));
    }
    say(&format!("{} n'est pas renouvelée : ses empreintes ne se referaient pas.", data.keys.digests.display()));
    Ok(())
}
