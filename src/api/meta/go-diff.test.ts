import { expect, test } from 'vitest';
import { claimSpecFields } from '../core/v1/go-fields.ts';
import { goDiff } from './go-diff.ts';

test('keys of maps are data, quantities are structs, and lists that have not changed have no type', () => {
  const before = {
    accessModes: ['ReadWriteOnce'],
    selector: { matchLabels: { x: 'y' } },
    resources: { requests: { storage: '1Gi', 'example.com/things': '5' } },
    volumeName: 'a',
  };
  expect(goDiff('core.PersistentVolumeClaimSpec', before, { ...before, volumeName: 'b' }, claimSpecFields).split('\n')).toEqual([
    '  core.PersistentVolumeClaimSpec{',
    '  \tAccessModes:      {"ReadWriteOnce"},',
    '  \tSelector:         &{MatchLabels: {"x": "y"}},',
    '  \tResources:        {Requests: {s"storage": {i: {...}, s: "1Gi", Format: "BinarySI"}, s"example.com/things": {i: {...}, s: "5", Format: "DecimalSI"}}},',
    '- \tVolumeName:       "a",',
    '+ \tVolumeName:       "b",',
    '  \tStorageClassName: nil,',
    '  \tVolumeMode:       nil,',
    '  \t... // 3 identical fields',
    '  }',
    '',
  ]);
  expect(goDiff('core.PersistentVolumeClaimSpec', before, { ...before, accessModes: ['ReadOnlyMany'] }, claimSpecFields)).toContain(
    '- \tAccessModes: []core.PersistentVolumeAccessMode{"ReadWriteOnce"},',
  );
});
