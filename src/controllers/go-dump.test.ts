import { expect, test } from 'vitest';
import { goDump } from './go-dump.ts';

test('fields stand in Go’s order with Go’s names and types; what is empty is nil', () => {
  expect(goDump({ containerPort: 80, name: 'http' }, 'v1.ContainerPort')).toBe(
    '{Name:(string)http HostPort:(int32)0 ContainerPort:(int32)80 Protocol:(v1.Protocol) HostIP:(string)}',
  );
  expect(goDump({ name: 'a', emptyDir: {} }, 'v1.Volume')).toContain(
    'VolumeSource:(v1.VolumeSource){HostPath:(*v1.HostPathVolumeSource)<nil> EmptyDir:(*v1.EmptyDirVolumeSource){Medium:(v1.StorageMedium) SizeLimit:(*resource.Quantity)<nil>}',
  );
  expect(goDump({ add: ['NET_ADMIN', 'SYS_TIME'], drop: [] }, 'v1.Capabilities')).toBe(
    '{Add:([]v1.Capability)[NET_ADMIN SYS_TIME] Drop:([]v1.Capability)<nil>}',
  );
  expect(goDump({ port: 'http' }, 'v1.TCPSocketAction')).toBe(
    '{Port:(intstr.IntOrString){Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)http} Host:(string)}',
  );
});

test('a quantity keeps its text where Go need not work it out again', () => {
  const parts = (text: string) => {
    const [, value, scale, decimal, kept, format] =
      /^\{i:.*value:\(int64\)(-?\d+) scale:\(resource\.Scale\)(-?\d+)\}.*Dec:\(\*inf\.Dec\)(.*)\} s:\(string\)(\S*) Format:\(resource\.Format\)(\w+)\}$/.exec(
        goDump(text, 'resource.Quantity'),
      ) ?? [];
    return [value, scale, decimal, kept, format];
  };
  expect(parts('100m')).toEqual(['100', '-3', '<nil>', '100m', 'DecimalSI']);
  expect(parts('1')).toEqual(['1', '0', '<nil>', '1', 'DecimalSI']);
  expect(parts('70Mi')).toEqual(['73400320', '0', '<nil>', '70Mi', 'BinarySI']);
  expect(parts('64Mi')).toEqual(['67108864', '0', '<nil>', '', 'BinarySI']);
  expect(parts('1Ei')).toEqual(['0', '0', '{unscaled:(big.Int){neg:(bool)false abs:(big.nat)[1152921504606846976]} scale:(inf.Scale)0}', '', 'BinarySI']);
});
