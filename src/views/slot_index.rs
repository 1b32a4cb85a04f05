//! Slots, filed by start under several headings: all, those with an unsold place, practitioner, profession with modality,
//! commune, and squares of 0.1 degree of the map. A question is answered from the heading with the fewest slots for it, in
//! the order of starts, and stops at its limit.
//!
//! A slot is never dropped, since whoever asks for the past gets it; the list of unsold places, which the optimiser reads,
//! forgets those that have begun.

use std::collections::{BTreeMap, HashMap, hash_map};
use std::hash::Hash;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::cursor::SlotCursor;
use super::slot_query::{Around, SlotPage, SlotQuery};
use super::sorted_merge::merge;
use crate::domain::{CommuneCode, GeoPoint, Modality, Profession, Rpps, Slot, SlotId, SlotState};

/// Where a slot is, as its practitioner's entry in the directory says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Commune.
    pub commune: CommuneCode,
    /// Where exactly.
    pub point: GeoPoint,
    /// Whether somebody in a wheelchair gets in.
    pub accessible: bool,
}

/// A slot with its version and place.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedSlot {
    /// The slot.
    pub slot: Arc<Slot>,
    /// How often it was written.
    pub version: u64,
    /// Where it is; none while its practitioner or that place of theirs is not in the directory.
    pub place: Option<Place>,
}

/// The place of a slot among all that are kept: it never changes, so that a slot written again is where it was under every
/// heading that still fits.
type Spot = u32;

type Shelf = BTreeMap<SlotCursor, Spot>;

/// Slots looked up before any of them is looked at: a million are not in the processor's cache, and it fetches several at once
/// only where none has to wait for another.
const BATCH: usize = 64;

/// The shelves of one heading on which every answer to a question stands.
#[derive(Default)]
struct Shelves<'a> {
    shelves: Vec<&'a Shelf>,
    /// Nothing on them is of a practitioner who was not asked for.
    of_the_practitioners: bool,
}

impl<'a> Shelves<'a> {
    fn of(shelves: Vec<&'a Shelf>) -> Self {
        Self { shelves, of_the_practitioners: false }
    }

    fn slots(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.len()).sum()
    }
}

/// The slots of a territory.
#[derive(Debug, Default)]
pub struct SlotIndex {
    kept: Vec<Arc<PlacedSlot>>,
    by_id: HashMap<SlotId, Spot>,
    by_start: Shelf,
    unsold: Shelf,
    by_practitioner: HashMap<Rpps, Shelf>,
    by_skill: BTreeMap<(Profession, Modality), Shelf>,
    by_commune: HashMap<CommuneCode, Shelf>,
    by_square: BTreeMap<Square, Shelf>,
}

impl SlotIndex {
    /// A slot stays among the unsold ones this long after its start, so that a reader whose clock is a little behind the
    /// event stream's still finds it.
    const UNSOLD_KEPT: TimeDelta = TimeDelta::hours(1);

    /// Files a slot, in place of what was filed of it.
    pub fn put(&mut self, slot: Slot, version: u64, place: Option<Place>) {
        self.file(Arc::new(PlacedSlot { slot: Arc::new(slot), version, place }));
    }

    /// Files a practitioner's slots again, after their places of practice may have changed.
    pub fn place_again(&mut self, practitioner: Rpps, place_of: impl Fn(&Slot) -> Option<Place>) {
        let filed = self.by_practitioner.get(&practitioner);
        let moved: Vec<_> = filed
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter_map(|spot| {
                let placed = self.at(*spot);
                let place = place_of(&placed.slot);
                (place != placed.place)
                    .then(|| Arc::new(PlacedSlot { slot: Arc::clone(&placed.slot), version: placed.version, place }))
            })
            .collect();
        for placed in moved {
            self.file(placed);
        }
    }

    /// Lets the list of unsold places forget slots that began well before `now`.
    pub fn forget_begun(&mut self, now: DateTime<Utc>) {
        while let Some(first) = self.unsold.first_entry()
            && first.key().start + Self::UNSOLD_KEPT <= now
        {
            first.remove();
        }
    }

    /// A slot by its identifier.
    pub fn get(&self, id: SlotId) -> Option<&Arc<PlacedSlot>> {
        self.by_id.get(&id).map(|spot| self.at(*spot))
    }

    /// How many slots are filed.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Every slot, by start.
    pub fn all(&self) -> impl Iterator<Item = &Arc<PlacedSlot>> {
        self.by_start.values().map(|spot| self.at(*spot))
    }

    /// Slots that start in `[from, to)`, by start, whatever their state.
    pub fn starting_in(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = &Arc<PlacedSlot>> {
        // A range that ends before it begins would panic.
        let to = to.max(from);
        self.by_start.range(SlotCursor::before(from)..SlotCursor::before(to)).map(|(_, spot)| self.at(*spot))
    }

    /// The slots that answer `query` at `now`.
    pub fn query(&self, query: &SlotQuery, now: DateTime<Utc>) -> SlotPage {
        let mut page = SlotPage::default();
        let Some(span) = query.span() else { return page };
        let Shelves { shelves, of_the_practitioners } = self.fewest(query);
        let answers = if of_the_practitioners { SlotQuery::matches_whoever } else { SlotQuery::matches };
        let mut merged =
            merge(shelves.into_iter().map(|shelf| shelf.range(span).map(|(cursor, spot)| (cursor.rank(), spot))));
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.clear();
            batch.extend(merged.by_ref().take(BATCH).map(|spot| self.at(*spot)));
            if batch.is_empty() {
                return page;
            }
            for placed in batch.iter().filter(|placed| answers(query, placed, now)) {
                if page.items.len() == query.limit {
                    page.next = page.items.last().map(|last| SlotCursor::of(&last.slot));
                    return page;
                }
                page.items.push(Arc::clone(placed));
            }
        }
    }

    /// Slots with a published place left at `now` that start in `[from, to)`, by start: what the optimiser chooses from.
    pub fn free(
        &self,
        now: DateTime<Utc>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = &Arc<PlacedSlot>> {
        let from = from.max(now);
        let window = SlotCursor::before(from)..SlotCursor::before(to.max(from));
        let ahead = self.unsold.range(window).map(|(_, spot)| self.at(*spot));
        ahead.filter(move |placed| placed.slot.places_left(now) > 0)
    }

    /// The shelves that together hold every answer, from the heading where they hold the fewest slots.
    fn fewest(&self, query: &SlotQuery) -> Shelves<'_> {
        let all = if query.state == Some(SlotState::Free) { &self.unsold } else { &self.by_start };
        let mut headings = vec![Shelves::of(vec![all])];
        if !query.practitioners.is_empty() {
            let shelves = query.practitioners.iter().filter_map(|rpps| self.by_practitioner.get(rpps)).collect();
            headings.push(Shelves { shelves, of_the_practitioners: true });
        }
        if !query.professions.is_empty() || query.modality.is_some() {
            let wanted = |(profession, modality): &(Profession, Modality)| {
                (query.professions.is_empty() || query.professions.contains(profession))
                    && query.modality.is_none_or(|asked| asked == *modality)
            };
            let shelves = self.by_skill.iter().filter(|(skill, _)| wanted(skill)).map(|(_, shelf)| shelf);
            headings.push(Shelves::of(shelves.collect()));
        }
        if let Some(commune) = &query.commune {
            headings.push(Shelves::of(self.by_commune.get(commune).into_iter().collect()));
        }
        if let Some(around) = query.around {
            headings.push(Shelves::of(self.squares_of(around)));
        }
        headings.into_iter().min_by_key(Shelves::slots).unwrap_or_default()
    }

    /// The squares that may share a point with a circle.
    fn squares_of(&self, around: Around) -> Vec<&Shelf> {
        let reach = |degrees: f64| Square::of(GeoPoint { lat: around.point.lat + degrees, lon: -180.0 });
        let degrees = around.radius_km / Square::KM_PER_DEGREE_MIN;
        let (south, north) = (reach(-degrees), Square { lon: i16::MAX, ..reach(degrees) });
        if south > north {
            return Vec::new();
        }
        let near = |square: &Square| {
            square.middle().distance_km(around.point) <= around.radius_km + Square::MIDDLE_TO_CORNER_KM_MAX
        };
        self.by_square.range(south..=north).filter(|(square, _)| near(square)).map(|(_, shelf)| shelf).collect()
    }

    fn at(&self, spot: Spot) -> &Arc<PlacedSlot> {
        &self.kept[spot as usize]
    }

    fn file(&mut self, placed: Arc<PlacedSlot>) {
        let (cursor, unsold) = (SlotCursor::of(&placed.slot), has_unsold_place(&placed.slot));
        let spot = match self.by_id.get(&placed.slot.id) {
            Some(&spot) => {
                let before = std::mem::replace(&mut self.kept[spot as usize], Arc::clone(&placed));
                if !same_headings(&before, &placed) {
                    self.take_out(&before);
                    self.put_on_shelves(&placed, spot);
                }
                spot
            }
            None => {
                let spot = Spot::try_from(self.kept.len()).expect("memory ends long before four billion slots");
                self.kept.push(Arc::clone(&placed));
                self.by_id.insert(placed.slot.id, spot);
                self.put_on_shelves(&placed, spot);
                spot
            }
        };
        if unsold {
            self.unsold.insert(cursor, spot);
        } else {
            self.unsold.remove(&cursor);
        }
    }

    fn put_on_shelves(&mut self, placed: &PlacedSlot, spot: Spot) {
        let slot = &placed.slot;
        let cursor = SlotCursor::of(slot);
        self.by_start.insert(cursor, spot);
        self.by_practitioner.entry(slot.practitioner).or_default().insert(cursor, spot);
        self.by_skill.entry(skill(slot)).or_default().insert(cursor, spot);
        if let Some(place) = &placed.place {
            self.by_commune.entry(place.commune).or_default().insert(cursor, spot);
            self.by_square.entry(Square::of(place.point)).or_default().insert(cursor, spot);
        }
    }

    fn take_out(&mut self, placed: &PlacedSlot) {
        let slot = &placed.slot;
        let cursor = SlotCursor::of(slot);
        self.by_start.remove(&cursor);
        self.unsold.remove(&cursor);
        take_from(&mut self.by_practitioner, slot.practitioner, &cursor);
        take_from_sorted(&mut self.by_skill, skill(slot), &cursor);
        if let Some(place) = &placed.place {
            take_from(&mut self.by_commune, place.commune, &cursor);
            take_from_sorted(&mut self.by_square, Square::of(place.point), &cursor);
        }
    }
}

/// Whether both stand under the same headings, at the same place.
fn same_headings(one: &PlacedSlot, other: &PlacedSlot) -> bool {
    let (a, b) = (&one.slot, &other.slot);
    a.start == b.start
        && a.practitioner == b.practitioner
        && a.profession == b.profession
        && a.modality == b.modality
        && one.place == other.place
}

fn skill(slot: &Slot) -> (Profession, Modality) {
    (slot.profession.clone(), slot.modality)
}

/// Whether a published place is left or only held: whatever the hour, a slot without one is not free.
fn has_unsold_place(slot: &Slot) -> bool {
    slot.withdrawn_at.is_none() && slot.bookings.iter().filter(|b| !b.extra).count() < usize::from(slot.capacity)
}

fn take_from<K: Eq + Hash>(shelves: &mut HashMap<K, Shelf>, heading: K, cursor: &SlotCursor) {
    if let hash_map::Entry::Occupied(mut shelf) = shelves.entry(heading) {
        shelf.get_mut().remove(cursor);
        if shelf.get().is_empty() {
            shelf.remove();
        }
    }
}

fn take_from_sorted<K: Ord>(shelves: &mut BTreeMap<K, Shelf>, heading: K, cursor: &SlotCursor) {
    if let Some(shelf) = shelves.get_mut(&heading) {
        shelf.remove(cursor);
        if shelf.is_empty() {
            shelves.remove(&heading);
        }
    }
}

/// A square of 0.1 degree, by its south-west corner in tenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Square {
    lat: i16,
    lon: i16,
}

impl Square {
    /// A little less than one degree of latitude on the sphere of [`GeoPoint::distance_km`] (111.19 km), so that a row of
    /// squares too many is looked at rather than one too few.
    const KM_PER_DEGREE_MIN: f64 = 111.0;

    /// From the middle of a square at the equator, where they are largest, to its corner: 7.87 km, rounded up.
    const MIDDLE_TO_CORNER_KM_MAX: f64 = 7.9;

    #[expect(clippy::cast_possible_truncation, reason = "degrees in tenths fit, and a float cast saturates")]
    fn of(point: GeoPoint) -> Self {
        Self { lat: (point.lat * 10.0).floor() as i16, lon: (point.lon * 10.0).floor() as i16 }
    }

    fn middle(self) -> GeoPoint {
        GeoPoint { lat: (f64::from(self.lat) + 0.5) / 10.0, lon: (f64::from(self.lon) + 0.5) / 10.0 }
    }
}
