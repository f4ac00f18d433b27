/** Position of an event: `<sequence>-<part>`; a bare sequence stands behind all of its parts. */
export function compareEventIds(a: string, b: string): number {
  const [sequenceA, partA] = parse(a);
  const [sequenceB, partB] = parse(b);
  return sequenceA - sequenceB || partA - partB;
}

function parse(id: string): [number, number] {
  const [sequence, part] = id.split('-');
  return [Number(sequence), part === undefined ? Infinity : Number(part)];
}

export function isEventId(text: string): boolean {
  return /^\d{1,15}(-\d{1,6})?$/.test(text);
}
