// Where the stations of a chain stand and how its legs run. Pure: sizes in, numbers out.

/** Narrower than this, the picture runs from top to bottom. In CSS pixels. */
export const leastWideWidth = 1000;

const titleHeight = 24;
const lineHeight = 17;
const padding = 11;
const rowGap = 26;
const margin = 2;
/** By column: hosts, attachment, node, VTEP, hosts. */
const columnWidths = [142, 124, 126, 130, 142];
/** What the gaps share; the underlay's is the widest, because the most is written there. */
const gapShares = [1, 1, 1.3, 1];
/** Of words below a leg: a rate, a note, an age. */
const linesBelow = 3;

/** The height of a station's box. */
export function boxHeight(station) {
  const lines = station.lines.length + (station.more > 0 ? 1 : 0) + (station.kind === "node" ? 1 : 0);
  return padding * 2 + titleHeight + lines * lineHeight;
}

/**
 * @param picture of `chain`
 * @param {number} width in CSS pixels
 * @returns `{ width, height, isWide, boxes, legs }`; boxes by their station's id `{ x, y, width, height }`,
 *   legs by their id `{ points, label: { x, y, width, anchor } }`
 */
export function layout(picture, width) {
  return width >= leastWideWidth ? wide(picture, width) : tall(picture, Math.max(width, 280));
}

function wide({ stations, legs }, width) {
  const gaps = width - 2 * margin - columnWidths.reduce((sum, one) => sum + one, 0);
  const share = gaps / gapShares.reduce((sum, one) => sum + one, 0);
  const lefts = [margin];
  columnWidths.forEach((one, i) => lefts.push(lefts[i] + one + (gapShares[i] ?? 0) * share));
  const rows = Math.max(...stations.map((station) => station.row)) + 1;
  const { axes, height } = axesOf(stations, legs, rows);
  const shared = (axes[0] + axes.at(-1)) / 2;
  const boxes = {};
  for (const station of stations) {
    const [axis, tall] = [isOfRow(station, rows) ? axes[station.row] : shared, boxHeight(station)];
    boxes[station.id] = {
      x: lefts[station.column], y: axis - tall / 2, width: columnWidths[station.column], height: tall,
    };
  }
  return {
    width, height, isWide: true, boxes,
    legs: Object.fromEntries(legs.map((leg) => [leg.id, across(boxes[leg.from], boxes[leg.to])])),
  };
}

/** Where the legs of each row run: with room above and below for words and boxes. */
function axesOf(stations, legs, rows) {
  const half = (chosen) => Math.max(0, ...chosen.map(boxHeight)) / 2;
  const written = Math.max(...legs.map((leg) => leg.facts.length + 1)) * lineHeight + 18;
  const axes = [];
  let y = margin;
  for (let row = 0; row < rows; row += 1) {
    const box = half(stations.filter((station) => station.row === row && isOfRow(station, rows)));
    axes.push(y + Math.max(written, box));
    y = axes[row] + Math.max(linesBelow * lineHeight + 22, box) + rowGap;
  }
  // What is common to all rows may be taller than they are.
  const common = half(stations.filter((station) => !isOfRow(station, rows)));
  const middle = (axes[0] + axes.at(-1)) / 2;
  const missing = Math.max(common - (middle - margin), 0);
  return { axes: axes.map((axis) => axis + missing), height: Math.max(y - rowGap, middle + common) + missing + margin };
}

/** Whether it stands beside one remote only; the rest is common to all. */
const isOfRow = (station, rows) => rows === 1 || station.column > 2;

function across(from, to) {
  const start = { x: from.x + from.width, y: from.y + from.height / 2 };
  const end = { x: to.x, y: to.y + to.height / 2 };
  const bend = start.x + Math.min(14, (end.x - start.x) / 5);
  const points = start.y === end.y ? [start, end]
    : [start, { x: bend, y: start.y }, { x: bend, y: end.y }, end];
  const left = start.y === end.y ? start.x : bend;
  return { points, label: { x: (left + end.x) / 2, y: end.y, width: end.x - left, anchor: "middle" } };
}

function tall({ stations, legs }, width) {
  const boxes = {};
  const made = {};
  // A note, an age, two rates, and whatever was measured.
  const legRoom = (leg) => (leg.facts.length + 4) * lineHeight + 14;
  const boxWidth = Math.min(320, width - 2 * margin);
  let y = margin;
  const put = (station) => {
    boxes[station.id] = { x: margin, y, width: boxWidth, height: boxHeight(station) };
    y += boxes[station.id].height;
  };
  put(stations.find((station) => station.id === legs[0].from));
  for (const leg of legs) {
    const from = boxes[leg.from];
    const top = y;
    y += legRoom(leg);
    put(stations.find((station) => station.id === leg.to));
    const x = margin + 26;
    // A second remote hangs on the node too; its line begins where the picture goes on.
    made[leg.id] = {
      points: [{ x, y: Math.max(from.y + from.height, top) }, { x, y: boxes[leg.to].y }],
      label: { x: x + 16, y: (top + boxes[leg.to].y) / 2, width: width - x - 20, anchor: "start" },
    };
  }
  return { width, height: y + margin, isWide: false, boxes, legs: made };
}

/** At most so many characters, the last one an ellipsis where it was longer. */
export function shortened(text, most) {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, Math.max(most - 1, 1)).join("")}…`;
}
