/**
 * What a spreadsheet takes for the beginning of a formula, full-width forms included, and a tab or a line end that some
 * programs drop before they look (OWASP, CSV injection). Apostrophes before it belong to it: one more or less is what escapes.
 */
const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/;

/** A cell that no spreadsheet runs: with an apostrophe before it where it could. */
export function escapeFormula(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

/** What `escapeFormula` was given. */
export function unescapeFormula(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}
