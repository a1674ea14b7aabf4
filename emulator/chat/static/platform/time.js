// The emulator's time: real time, and as far ahead as people have moved it.

const MINUTES = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const CLOCK = new Intl.DateTimeFormat(undefined, { ...MINUTES, second: "2-digit" });
const MINUTE = new Intl.DateTimeFormat(undefined, MINUTES);
const DAY = new Intl.DateTimeFormat(undefined, { ...MINUTES, weekday: "short" });
const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];

export class EmulatorTime {
  #skew = 0;
  ahead = 0; // seconds

  /** Take over what GET /_emulator/clock answers. */
  set({ now, ahead_seconds }) {
    this.#skew = Date.parse(now) - Date.now();
    this.ahead = ahead_seconds;
  }

  /** Milliseconds since 1970. */
  now() {
    return Date.now() + this.#skew;
  }

  /** A moment in the near future: the hour, with the day unless it is today. */
  soon(moment) {
    const isToday = new Date(moment).toDateString() === new Date(this.now()).toDateString();
    return (isToday ? MINUTE : DAY).format(new Date(moment));
  }
}

export function hour(moment) {
  return CLOCK.format(new Date(moment));
}

/** Seconds in the two largest units that fit: `1 d 2 h`. */
export function duration(seconds) {
  const parts = [];
  let left = Math.round(seconds);
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length);
    if (count > 0) parts.push(`${count} ${unit}`);
    left -= count * length;
  }
  return parts.slice(0, 2).join(" ");
}
