import { expect, test } from 'vitest';
import { chooseChannels, decodeMessage, encodeMessage, portForwardChannels, remoteCommandChannels } from './channel-protocol.ts';

const named = (name: string) => remoteCommandChannels.find((one) => one.name === name)!;

test('the first protocol offered that is spoken is taken, and v5 wherever it stands', () => {
  const choose = (...offered: string[]) => chooseChannels(offered, remoteCommandChannels)?.name;
  expect(choose('v4.channel.k8s.io', 'channel.k8s.io')).toBe('v4.channel.k8s.io');
  expect(choose('channel.k8s.io', 'v4.channel.k8s.io')).toBe('channel.k8s.io');
  expect(choose('v4.channel.k8s.io', 'v5.channel.k8s.io')).toBe('v5.channel.k8s.io');
  expect(choose('v9.channel.k8s.io', 'base64.channel.k8s.io')).toBe('base64.channel.k8s.io');
  expect(choose()).toBe('');
  expect(choose('v9.channel.k8s.io')).toBeUndefined();
  expect(chooseChannels(['v5.channel.k8s.io'], portForwardChannels)).toBeUndefined();
});

test('a message is a channel and bytes', () => {
  expect(encodeMessage(named('v4.channel.k8s.io'), 1, Buffer.from('hi'))).toEqual(Buffer.from('\x01hi'));
  expect(decodeMessage(named('v5.channel.k8s.io'), Buffer.from([255, 0]))).toEqual({ channel: 255, data: Buffer.from([0]) });
  expect(decodeMessage(named(''), Buffer.alloc(0))).toBeUndefined();
});

test('base64 protocols write the channel as a digit', () => {
  const protocol = named('base64.channel.k8s.io');
  expect(encodeMessage(protocol, 3, Buffer.from('hi'))).toBe('3aGk=');
  expect(decodeMessage(protocol, Buffer.from('0aGk='))).toEqual({ channel: 0, data: Buffer.from('hi') });
});
