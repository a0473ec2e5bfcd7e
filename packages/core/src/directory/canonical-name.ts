/**
 * The form in which names are compared: letters that look alike by compatibility are one (NFKC), case does not matter, and neither
 * do spaces at the ends. By Unicode's default case folding as far as JavaScript has it: what differs in either case differs.
 */
export function canonicalName(name: string): string {
  return name.normalize("NFKC").trim().toUpperCase().toLowerCase().normalize("NFKC");
}
