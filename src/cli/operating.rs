//! Commands of whoever runs the service: keep the data elsewhere and bring them back, see what was lost, find and erase a
//! person, hand out the audit. A running service carries them out itself; the data of a stopped one are opened for it.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDate};
use clap::{Args, Subcommand, ValueEnum};

use super::renewal;
use crate::booking::{Booking, Policy};
use crate::clock::{Clock, ManualClock};
use crate::config;
use crate::control::{Client, operations as running};
use crate::domain::{ErasureReason, RequestId, Territory, TerritoryId};
use crate::geography::territory_file;
use crate::operations::audit::{self, End};
use crate::operations::orders::{AUDIT, Ground, Order, Wanted};
use crate::operations::{backup, missing};
use crate::receipts::{self, Journal, Since};
use crate::seal::{Kek, MacKey, Sealer, Signer};
use crate::service::{self, KeyFiles, OpenedStore, Service, StoreChoice, connect, open_store};
use crate::triage::Pack;

/// The longest that may be set: no command on the data of a stopped service forgets receipts the service would keep.
const RECEIPTS_KEPT_DAYS: u16 = 400;

/// Which data.
#[derive(Debug, Args)]
pub(super) struct Where {
    /// Dossier des données d'un service arrêté qui y garde tout : celui d'une démonstration.
    #[arg(long, conflicts_with = "config")]
    data: Option<PathBuf>,
    /// Fichier de configuration du service, en marche ou arrêté ; sans lui, /etc/aiguilleur/aiguilleur.toml.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Un territoire ; plusieurs fois pour plusieurs. Sans lui : tous ceux du service, ou weppes avec --data.
    #[arg(long)]
    territory: Vec<String>,
    /// Qui le demande, comme l'audit le dira.
    #[arg(long, default_value = "exploitation")]
    by: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum OperatingCommand {
    /// Sauvegarde des territoires dans un dossier neuf. Les fichiers de clés n'y sont pas : gardez-les à part.
    Backup {
        #[command(subcommand)]
        command: Option<BackupCommand>,
        /// Dossier de la sauvegarde ; il est créé.
        #[arg(long)]
        out: Option<PathBuf>,
        #[command(flatten)]
        at: Where,
    },
    /// Restaure une sauvegarde dans un magasin vide, puis dit ce qui a été confirmé depuis et qui manque.
    Restore {
        /// Dossier d'une sauvegarde, ou un de ses fichiers.
        #[arg(long)]
        from: PathBuf,
        #[command(flatten)]
        at: Where,
    },
    /// Ce que ce nœud a confirmé à ses appelants, comparé à ce que le magasin contient.
    Receipts {
        #[command(subcommand)]
        command: ReceiptsCommand,
    },
    /// Cherche les demandes d'une personne. Les données scellées sont ouvertes une à une ; seuls des identifiants sont écrits.
    Find {
        /// Son nom de famille.
        #[arg(long, required_unless_present_any = ["phone", "birth_date"])]
        last_name: Option<String>,
        /// Son numéro de téléphone.
        #[arg(long)]
        phone: Option<String>,
        /// Sa date de naissance : 1946-02-03.
        #[arg(long)]
        birth_date: Option<NaiveDate>,
        #[command(flatten)]
        at: Where,
    },
    /// Efface tout ce qui est personnel d'une demande close.
    Erase {
        /// La demande.
        #[arg(long)]
        request: RequestId,
        /// Pourquoi.
        #[arg(long, value_enum)]
        reason: Reason,
        #[command(flatten)]
        at: Where,
    },
    /// Renouvelle la clé qui enveloppe celle de chaque patient, sur les données d'un service arrêté. Interrompue, la commande
    /// reprend où elle en était. Ce qui a été effacé avant devient illisible dans toute copie, une fois l'ancienne détruite.
    RenewKey {
        /// Dossier des données d'un service arrêté qui y garde tout : celui d'une démonstration.
        #[arg(long, conflicts_with = "config")]
        data: Option<PathBuf>,
        /// Fichier de configuration du service arrêté ; sans lui, /etc/aiguilleur/aiguilleur.toml.
        #[arg(long)]
        config: Option<PathBuf>,
        /// Qui le demande, comme l'audit le dira.
        #[arg(long, default_value = "exploitation")]
        by: String,
    },
    /// L'audit : l'exporter, vérifier un export, élaguer ce qui a fait son temps.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum BackupCommand {
    /// Relit une sauvegarde de la première à la dernière ligne.
    Verify {
        /// Dossier d'une sauvegarde, ou un de ses fichiers.
        #[arg(long)]
        from: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ReceiptsCommand {
    /// Dit ce qui a été confirmé et qui manque ; échoue s'il manque quelque chose.
    Check {
        #[command(flatten)]
        at: Where,
    },
    /// Reconnaît ce qui manque : quelqu'un s'en est occupé. L'audit le dit.
    Acknowledge {
        #[command(flatten)]
        at: Where,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Écrit un intervalle de l'audit dans un fichier neuf, signé.
    Export {
        /// Fichier à écrire.
        #[arg(long)]
        out: PathBuf,
        /// Premier événement : un numéro, ou un jour (2026-11-24).
        #[arg(long, value_parser = end)]
        from: Option<End>,
        /// Dernier événement : un numéro, ou un jour.
        #[arg(long, value_parser = end)]
        to: Option<End>,
        /// Export auquel celui-ci fait suite : il commence où l'autre finit, et nomme son empreinte.
        #[arg(long, conflicts_with = "from")]
        after: Option<PathBuf>,
        #[command(flatten)]
        at: Where,
    },
    /// Vérifie des exports qui se suivent, dans l'ordre.
    Verify {
        /// Les fichiers.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Fichier de la clé des empreintes (digests.key) ; sans lui, la signature n'est pas vérifiée.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Ôte du magasin les événements dont le temps est passé et que ces exports contiennent.
    Trim {
        /// Les exports, dans l'ordre.
        #[arg(required = true)]
        archives: Vec<PathBuf>,
        #[command(flatten)]
        at: Where,
    },
}

/// Why somebody asks for an erasure.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Reason {
    /// La personne l'a demandé.
    Asked,
    /// Entrée par erreur.
    Mistake,
}

fn end(text: &str) -> Result<End, String> {
    match (text.parse(), text.parse()) {
        (Ok(seq), _) => Ok(End::Event(seq)),
        (_, Ok(day)) => Ok(End::Day(day)),
        _ => Err("écrivez un numéro d'événement, ou un jour comme 2026-11-24".to_owned()),
    }
}

/// Does what was asked.
pub(super) async fn run(command: OperatingCommand, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    match command {
        OperatingCommand::Backup { command: Some(BackupCommand::Verify { from }), .. } => {
            for backed_up in backup::verify_all(&from).await? {
                say(&format!("{} : bon. {}", backed_up.file.display(), backed_up.summary));
            }
            Ok(())
        }
        OperatingCommand::Backup { command: None, out, at } => {
            let Some(out) = out else { bail!("dites où : --out DOSSIER") };
            carry_out(&at, Wanted::BackUp { out: absolute(&out)? }, say).await
        }
        OperatingCommand::Restore { from, at } => restore(&from, &at, say).await,
        OperatingCommand::Receipts { command: ReceiptsCommand::Check { at } } => {
            carry_out(&at, Wanted::CheckReceipts, say).await
        }
        OperatingCommand::Receipts { command: ReceiptsCommand::Acknowledge { at } } => {
            carry_out(&at, Wanted::AcknowledgeReceipts, say).await
        }
        OperatingCommand::Find { last_name, phone, birth_date, at } => {
            carry_out(&at, Wanted::Find { last_name, phone, birth_date }, say).await
        }
        OperatingCommand::Erase { request, reason, at } => {
            let why = match reason {
                Reason::Asked => ErasureReason::Asked,
                Reason::Mistake => ErasureReason::Mistake,
            };
            carry_out(&at, Wanted::Erase { request, why }, say).await
        }
        OperatingCommand::RenewKey { data, config, by } => {
            // Every territory of the store, whichever are served: they share the key.
            let data = Data::named_by(&Where { data, config, territory: Vec::new(), by: by.clone() })?;
            renewal::run(&data, &by, say).await
        }
        OperatingCommand::Audit { command: AuditCommand::Export { out, from, to, after, at } } => {
            let after = after.map(|path| absolute(&path)).transpose()?;
            carry_out(&at, Wanted::ExportAudit { out: absolute(&out)?, from, to, after }, say).await
        }
        OperatingCommand::Audit { command: AuditCommand::Verify { files, key } } => verify_audit(&files, key, say),
        OperatingCommand::Audit { command: AuditCommand::Trim { archives, at } } => {
            let archives = archives.iter().map(|path| absolute(path)).collect::<anyhow::Result<_>>()?;
            carry_out(&at, Wanted::TrimAudit { archives }, say).await
        }
    }
}

fn verify_audit(files: &[PathBuf], key: Option<PathBuf>, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let key = key.map(|path| MacKey::load(&path)).transpose()?;
    let signer = key.map(|key| Signer::new(&key, AUDIT));
    for segment in audit::verify_all(files, signer.as_ref())? {
        say(&format!("bon : {segment}"));
    }
    if signer.is_none() {
        say("La signature n'a pas été vérifiée : donnez --key pour cela.");
    }
    Ok(())
}

/// Has an order carried out by the service that runs, or here where none does.
async fn carry_out(at: &Where, what: Wanted, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let data = Data::named_by(at)?;
    let order = Order { by: at.by.clone(), territories: data.named.clone(), what };
    let outcome = if data.is_served() {
        running::ask(&Client::of(&data.folder)?, &order).await?
    } else {
        data.ground(&order.what).await?.carry_out(order).await?
    };
    outcome.lines.iter().for_each(|line| say(line));
    anyhow::ensure!(!outcome.alarming, "quelqu'un doit s'en occuper, puis : aiguilleur receipts acknowledge");
    Ok(())
}

async fn restore(from: &Path, at: &Where, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let data = Data::named_by(at)?;
    anyhow::ensure!(!data.is_served(), "un service tient le dossier {} : arrêtez-le d'abord", data.folder.display());
    let keys = &data.keys.patients;
    let key = keys.exists().then(|| Kek::load(keys)).transpose()?;
    let (store, _) = connect(&data.store, data.clock.clone()).await?;
    let mut is_under_an_earlier_key = false;
    for restored in backup::restore_all(&*store, from, key.as_ref()).await? {
        say(&format!("Restauré : {}", restored.summary));
        let in_use = key.as_ref().map(|key| key.id().to_string());
        is_under_an_earlier_key |= in_use.is_some_and(|in_use| restored.summary.keys.iter().any(|key| *key != in_use));
    }
    if is_under_an_earlier_key {
        say("Une partie est encore sous une clé d'avant : « aiguilleur renew-key » la met sous la première.");
    }
    if !keys.exists() {
        say(&format!("Mettez {} en place avant de démarrer : sans lui, rien de scellé ne se relit.", keys.display()));
    }
    let journal = data.journal()?;
    let ids: Vec<_> = data.territories.iter().map(|territory| territory.id.clone()).collect();
    let reconciled = receipts::reconcile(&journal, &*store, &ids, Since::Ever).await?;
    for (territory, found) in data.territories.iter().zip(reconciled) {
        missing::describe(&territory.id, territory.zone, &found.missing).iter().for_each(|line| say(line));
    }
    Ok(())
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} n'est pas un chemin", path.display()))
}

/// Which data are meant, and how to get at them.
pub(super) struct Data {
    pub(super) folder: PathBuf,
    pub(super) store: StoreChoice,
    pub(super) keys: KeyFiles,
    territories: Vec<Arc<Territory>>,
    /// The territories asked for by name; none: all.
    named: Vec<TerritoryId>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Data {
    fn named_by(at: &Where) -> anyhow::Result<Self> {
        let Some(folder) = &at.data else {
            let settings = config::load(at.config.as_deref())?;
            let named = at.territory.iter().map(|name| name.parse()).collect::<Result<_, _>>();
            let clock = settings.service.clock();
            return Ok(Self {
                folder: settings.service.data,
                store: settings.store.choice,
                keys: settings.security.key_files,
                territories: settings.service.territories,
                named: named.context("--territory")?,
                clock,
            });
        };
        let weppes = || vec!["weppes".to_owned()];
        let names = if at.territory.is_empty() { weppes() } else { at.territory.clone() };
        let territories = names.iter().map(|name| Ok(Arc::new(territory_file::find(name)?)));
        Ok(Self {
            folder: folder.clone(),
            store: StoreChoice::Embedded { folder: folder.clone() },
            keys: KeyFiles::in_folder(folder),
            territories: territories.collect::<anyhow::Result<_>>()?,
            named: Vec::new(),
            // A demo lives at hours of its own: while it is stopped, its time stands.
            clock: Arc::new(ManualClock::at(DateTime::UNIX_EPOCH)),
        })
    }

    /// Whether a service runs on them.
    pub(super) fn is_served(&self) -> bool {
        UnixStream::connect(self.folder.join("control.sock")).is_ok()
    }

    fn journal(&self) -> anyhow::Result<Arc<Journal>> {
        Ok(Journal::open(&self.folder.join(receipts::FOLDER), RECEIPTS_KEPT_DAYS)?)
    }

    /// The service on these data, without its edge. What was lost is only looked at where that is not what is asked about:
    /// a store that lost everything is opened to say so.
    async fn ground(&self, wanted: &Wanted) -> anyhow::Result<Ground> {
        if let StoreChoice::Embedded { folder } = &self.store {
            anyhow::ensure!(self.store.is_inhabited(), "{} : aucune donnée ici", folder.display());
        }
        let opened = open_store(&self.store, &self.keys, self.clock.clone(), &self.territories).await?;
        let OpenedStore { store, secrets, .. } = opened;
        let signer = Signer::new(&secrets.mac, AUDIT);
        let journal = self.journal()?;
        let about_losses = matches!(wanted, Wanted::CheckReceipts | Wanted::AcknowledgeReceipts);
        let parts = service::Parts {
            store: store.clone(),
            sealer: Arc::new(Sealer::new(secrets.kek)),
            territories: self.territories.clone(),
            policy: Policy::default(),
            // Nobody is triaged by these commands.
            pack: Arc::new(Pack::general().clone()),
            receipts: (!about_losses).then(|| journal.clone()),
        };
        let mut territories = Service::open(parts).await?.territories().to_vec();
        if about_losses {
            territories = keeping_receipts(territories, &journal)?;
        }
        Ok(Ground { store, territories, receipts: Some(journal), signer })
    }
}

/// What is done about a loss is kept as anything else is: an erasure done again must outlive the next restored backup too.
fn keeping_receipts(territories: Vec<Arc<Booking>>, journal: &Arc<Journal>) -> anyhow::Result<Vec<Arc<Booking>>> {
    let keeping = |booking: Arc<Booking>| {
        let alone = Arc::into_inner(booking)?;
        Some(Arc::new(alone.with_receipts(journal.clone())))
    };
    territories.into_iter().map(keeping).collect::<Option<_>>().context("un territoire est encore tenu ailleurs")
}
