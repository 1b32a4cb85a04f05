//! How far people have come, as somebody noted. The declaration itself is made by doctor, patient and caisse; here it is only
//! written down that it was (domain.md §4.3).

use super::registering::free;
use super::{leave, may_act_for_household, of_registration, registration};
use crate::domain::attachment::{Ending, Registration, Standing};
use crate::domain::coding::coded;
use crate::domain::decide::Answer;
use crate::domain::decide::draft::Draft;
use crate::domain::refusal::Subject;
use crate::domain::{EventKind, ProposalId, Refusal, RegistrationId, Role, Rpps};

coded!(
    /// A step on the way.
    Milestone {
        /// Seen by the doctor, wherever the appointment was made.
        Seen = "seen",
        /// Did not come.
        Missed = "missed",
        /// The doctor is declared.
        Declared = "declared",
        /// Followed without a declaration.
        FollowedWithoutDeclaration = "followed_without_declaration",
        /// The doctor they saw already is declared.
        Regularised = "regularised",
        /// That doctor cannot be declared: they go on the list.
        NotRegularised = "not_regularised",
        /// Found a doctor by themselves.
        FoundElsewhere = "found_elsewhere",
        /// Moved away.
        Moved = "moved",
        /// Withdrew.
        Withdrawn = "withdrawn",
        /// Deceased.
        Deceased = "deceased",
        /// Handed to the caisse.
        Escalated = "escalated",
    }
);

impl Milestone {
    /// Where it takes somebody who stands there; none where it cannot be reached from there.
    fn from(self, standing: &Standing) -> Option<Standing> {
        let with_doctor = matches!(
            standing,
            Standing::Accepted(_) | Standing::FirstAppointment(_) | Standing::Missed(_) | Standing::Seen(_)
        );
        let not_over = !standing.is_over();
        let over = |ending: Ending, may: bool| may.then_some(Standing::Over(ending));
        match self {
            Self::Seen => with_doctor.then(|| Standing::Seen(standing.proposal())),
            Self::Missed => match *standing {
                Standing::Accepted(id) | Standing::FirstAppointment(id) | Standing::Missed(id) => {
                    Some(Standing::Missed(id))
                }
                _ => None,
            },
            Self::Declared => over(Ending::Declared, with_doctor),
            Self::FollowedWithoutDeclaration => over(Ending::FollowedWithoutDeclaration, with_doctor),
            Self::Regularised => {
                over(Ending::Regularised, matches!(standing, Standing::CheckingUsualDoctor | Standing::Waiting))
            }
            Self::NotRegularised => matches!(standing, Standing::CheckingUsualDoctor).then_some(Standing::Waiting),
            Self::FoundElsewhere => over(Ending::FoundElsewhere, not_over),
            Self::Moved => over(Ending::Moved, not_over),
            Self::Withdrawn => over(Ending::Withdrawn, not_over),
            Self::Deceased => over(Ending::Deceased, not_over),
            Self::Escalated => not_over.then(|| standing.clone()),
        }
    }

    /// Whether a household says so itself.
    fn is_said_by_household(self) -> bool {
        matches!(self, Self::FoundElsewhere | Self::Moved | Self::Withdrawn)
    }

    /// Whether a doctor says so of people proposed to them, or whom they see already.
    fn is_said_by_doctor(self) -> bool {
        match self {
            Self::Seen
            | Self::Missed
            | Self::Declared
            | Self::FollowedWithoutDeclaration
            | Self::Regularised
            | Self::NotRegularised => true,
            Self::FoundElsewhere | Self::Moved | Self::Withdrawn | Self::Deceased | Self::Escalated => false,
        }
    }
}

/// Notes how far members have come; all who can, where none are named.
pub(super) fn reach(
    draft: &mut Draft<'_>,
    id: RegistrationId,
    members: &[usize],
    milestone: Milestone,
) -> Result<Answer, Refusal> {
    let mut registration = registration(draft.records, id)?;
    let all = 0..registration.members.len();
    let named: Vec<_> = if members.is_empty() { all.collect() } else { members.to_vec() };
    let mut reached = Vec::new();
    for &place in &named {
        let member = registration.members.get(place).ok_or(Refusal::Unknown(Subject::Registration))?;
        if !may_say(draft, &registration, &member.standing, milestone) {
            continue;
        }
        reached.extend(milestone.from(&member.standing).map(|after| (place, after)));
    }
    let refused = || match draft.actor().role {
        Role::Coordinator | Role::Service => Refusal::RegistrationNotThere { state: registration.state(draft.now()) },
        _ => Refusal::Unknown(Subject::Registration),
    };
    if reached.is_empty() || (!members.is_empty() && reached.len() < members.len()) {
        return Err(refused());
    }
    if milestone == Milestone::Escalated {
        registration.escalated_at = Some(draft.now());
    }
    let mut left = Vec::new();
    for (place, after) in reached {
        let gone = matches!(
            after,
            Standing::Over(Ending::FoundElsewhere | Ending::Moved | Ending::Withdrawn | Ending::Deceased)
        );
        let before = std::mem::replace(&mut registration.members[place].standing, after);
        left.extend(before.proposal().filter(|_| gone).map(|proposal| (proposal, place)));
    }
    let mut proposals: Vec<ProposalId> = left.iter().map(|(id, _)| *id).collect();
    proposals.sort();
    proposals.dedup();
    for id in proposals {
        let leaving: Vec<_> = left.iter().filter(|(of, _)| *of == id).map(|(_, place)| *place).collect();
        if let Some(proposal) = draft.records.proposal(id) {
            leave(draft, proposal.clone(), &leaving);
        }
    }
    if registration.is_over() {
        registration.settled_at = Some(draft.now());
        // Whoever looks again one day registers again.
        free(draft, registration.guards.iter());
        registration.guards.clear();
    }
    draft.put_registration(registration);
    draft.event(EventKind::RegistrationReached, of_registration(id), Some(milestone.code()));
    Ok(Answer::Done)
}

/// The timer of the doctor they see already: silence is no answer, and they go on the list.
pub(super) fn look(draft: &mut Draft<'_>, id: RegistrationId) -> Result<Answer, Refusal> {
    let registration = registration(draft.records, id)?;
    match registration.next_call() {
        Some(due) if due <= draft.now() => reach(draft, id, &[], Milestone::NotRegularised),
        _ => Ok(Answer::Done),
    }
}

fn may_say(draft: &Draft<'_>, registration: &Registration, standing: &Standing, milestone: Milestone) -> bool {
    match draft.actor().role {
        Role::Coordinator | Role::Service => true,
        Role::Patient => may_act_for_household(draft, registration.id) && milestone.is_said_by_household(),
        Role::Practitioner => milestone.is_said_by_doctor() && is_theirs(draft, registration, standing),
        Role::Operator | Role::Regulator | Role::System => false,
    }
}

/// Whether somebody was proposed to the doctor who acts, or sees them already.
fn is_theirs(draft: &Draft<'_>, registration: &Registration, standing: &Standing) -> bool {
    let is_me = |rpps: Rpps| draft.actor().id == rpps.as_str();
    match standing.proposal() {
        Some(id) => draft.records.proposal(id).is_some_and(|proposal| is_me(proposal.practitioner)),
        None => *standing == Standing::CheckingUsualDoctor && registration.usual_doctor.is_some_and(is_me),
    }
}
