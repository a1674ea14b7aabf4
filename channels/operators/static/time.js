// Moments and durations, as people write them.

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const HOUR = new Intl.DateTimeFormat(undefined, CLOCK);
const DAY = new Intl.DateTimeFormat(undefined, { ...CLOCK, day: "numeric", month: "short" });
const SECOND = new Intl.DateTimeFormat(undefined, { ...CLOCK, second: "2-digit" });
const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
const HOUR_SECONDS = 3_600;

/** A moment near `now`: the hour, with the day unless it is today. */
export function moment(at, now) {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return (isToday ? HOUR : DAY).format(new Date(at));
}

export const clock = (at) => SECOND.format(new Date(at));

/** Seconds in the two largest units that fit: `1 h 5 min`. */
export function duration(seconds) {
  return inUnits(seconds).slice(0, 2).join(" ");
}

/** Seconds that run on: below an hour in a single unit, so that only short times tick every second. */
export function running(seconds) {
  return inUnits(seconds).slice(0, seconds < HOUR_SECONDS ? 1 : 2).join(" ");
}

function inUnits(seconds) {
  const parts = [];
  let left = Math.max(0, Math.floor(seconds));
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length);
    if (count > 0) parts.push(`${count} ${unit}`);
    left -= count * length;
  }
  return parts.length > 0 ? parts : ["0 s"];
}
