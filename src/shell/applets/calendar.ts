/** cal: months as blocks of weeks. */
import { applet, Failure } from './lib/applet.ts';

const dayMs = 86_400_000;
const monthNames = 'January February March April May June July August September October November December'.split(' ');
const heads = 'Su Mo Tu We Th Fr Sa';
const width = heads.length;
const blankWeek = ' '.repeat(21);
const monthsAcross = 3;

/** Of a month from 0: its weeks as lines, always six, the last ones empty. Differs from upstream: before September 1752, too, years are those of the Gregorian calendar. */
function weeksOf(year: number, month: number): string[] {
  const first = new Date(0);
  first.setUTCFullYear(year, month, 1);
  const next = new Date(0);
  next.setUTCFullYear(year, month + 1, 1);
  const days = Math.round((next.getTime() - first.getTime()) / dayMs);
  const cells = [...Array<string>(first.getUTCDay()).fill('  '), ...Array.from({ length: days }, (_, day) => String(day + 1).padStart(2))];
  return Array.from({ length: 6 }, (_, week) => cells.slice(week * 7, week * 7 + 7).join(' '));
}

const centred = (text: string, columns: number) => ' '.repeat(Math.floor((columns - text.length) / 2)) + text;

function monthPage(year: number, month: number): string[] {
  return [centred(`${monthNames[month]} ${year}`, width), heads, ...weeksOf(year, month).map((week) => week || blankWeek)];
}

function yearPage(year: number): string[] {
  const lines = [centred(String(year), monthsAcross * (width + 2) - 2), ''];
  for (let month = 0; month < 12; month += monthsAcross) {
    const blocks = Array.from({ length: monthsAcross }, (_, i) => [centred(monthNames[month + i] as string, width), heads, ...weeksOf(year, month + i)]);
    const rows = Array.from({ length: blocks[0]?.length ?? 0 }, (_, row) => blocks.map((block) => (block[row] as string).padEnd(width)).join('  '));
    lines.push(...rows);
  }
  return lines;
}

/** A number within bounds. Throws Failure. */
function bounded(text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text)) throw new Failure(`invalid number '${text}'`);
  if (value < least || value > most) throw new Failure(`number ${text} is not in ${least}..${most} range`);
  return value;
}

export const cal = applet({ usage: '[-y] [[MONTH] YEAR]', short: 'y' }, function* (call) {
  const now = new Date(call.process.system.now());
  const [one, two] = call.operands;
  const yearText = two ?? one;
  const year = yearText === undefined ? now.getUTCFullYear() : bounded(yearText, 1, 9999);
  const isYear = call.options.has('y') || (one !== undefined && two === undefined);
  const month = one !== undefined && two !== undefined ? bounded(one, 1, 12) - 1 : now.getUTCMonth();
  const lines = isYear ? yearPage(year) : monthPage(year, month);
  for (const line of lines) yield* call.out.line(isYear ? line.trimEnd() : line);
  return 0;
});
