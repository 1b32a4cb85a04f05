// @ts-check
// The age a caller's words tell, as the age field takes it: "58", "3m".

/** Spans of time that are no age: "depuis 3 à 4 mois", "enceinte de 7 mois", "depuis l'âge de 10 ans". */
const SPANS = /(depuis|il y a|pendant|durant|dure|voilà|y a|de plus de|chute de|enceinte( de)?|grossesse( de)?|l'âge de)\s+((environ|presque|près de|au moins|plus de)\s+)?(\d{1,3}\s*(-|à|ou)\s*)?\d{1,3}\s*(ans?|mois)\b|\d\s*mois de grossesse/gi;

/** One age alone is a sure one. @param {string} text @returns {string | undefined} */
export function ageSaid(text) {
  const ages = [...text.replace(SPANS, "").matchAll(/(\d{1,3})\s*(ans?|mois)\b/gi)];
  if (ages.length !== 1) return undefined;
  const [, number, unit] = ages[0];
  return /^m/i.test(unit) ? `${number}m` : number;
}
