/** Rows of a QR code; true is dark. */
export type Matrix = readonly (readonly boolean[])[];

/**
 * The code as half blocks, two rows in a line. With colour it is dark on white in every terminal; without, light parts are
 * drawn, which a camera reads on a dark background.
 */
export function drawMatrix(rows: Matrix, colour: boolean): string[] {
  const [top, bottom, both] = ['▀', '▄', '█'];
  const lines: string[] = [];
  for (let y = 0; y < rows.length; y += 2) {
    const line = rows[y]!.map((dark, x) => {
      const upper = dark === colour;
      // Below an odd last row the code has ended: that half stays the background.
      const lower = (rows[y + 1]?.[x] ?? !colour) === colour;
      return upper ? (lower ? both : top) : lower ? bottom : ' ';
    }).join('');
    lines.push(colour ? `\u001b[30;107m${line}\u001b[0m` : line);
  }
  return lines;
}
