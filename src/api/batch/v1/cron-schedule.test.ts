import { expect, test } from 'vitest';
import { findScheduleError } from './cron-schedule.ts';

test('schedules that upstream takes', () => {
  for (const text of ['* * * * *', '*/5 0-6/2 1,15 jan-mar MON', '@hourly', '@every 1h30m', 'TZ=Europe/Berlin 0 3 * * *', '? ? ? ? ?'])
    expect(findScheduleError(text)).toBeUndefined();
});

test('schedules that upstream refuses, in its words', () => {
  const wrong = {
    '* * * *': 'expected exactly 5 fields, found 4: [* * * *]',
    '60 * * * *': 'end of range (60) above maximum (59): 60',
    '* * 0 * *': 'beginning of range (0) below minimum (1): 0',
    '5-1 * * * *': 'beginning of range (5) beyond end of range (1): 5-1',
    '*/0 * * * *': 'step of range should be a positive number: */0',
    'x * * * *': 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
    '1-2-3 * * * *': 'too many hyphens: 1-2-3',
    '@often': 'unrecognized descriptor: @often',
  };
  for (const [text, message] of Object.entries(wrong)) expect(findScheduleError(text)).toBe(message);
});
