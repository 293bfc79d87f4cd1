/** Lines of CSV as RFC 4180 has them, with line feeds. */
export function csvLine(values: readonly (string | number)[]): string {
  return values
    .map(String)
    .map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
    .join(',');
}
