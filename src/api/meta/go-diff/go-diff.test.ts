import { describe, expect, test } from 'vitest';
import { coreTypes, internalPodSpec } from '../../core/v1/go-structs.ts';
import { editScript } from './edits.ts';
import { goDiff } from './index.ts';

const main = { name: 'main', image: 'nginx', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', imagePullPolicy: 'Always' };
const side = { name: 'side', image: 'busybox', command: ['sh', '-c', 'sleep 1000'] };

const podDiff = (before: object, after: object): string[] =>
  goDiff(coreTypes(), 'core.PodSpec', internalPodSpec(before as never), internalPodSpec(after as never)).split('\n');
/** The lines of the one container's arguments. */
const argumentDiff = (before: readonly string[], after: readonly string[]): string[] => {
  const lines = podDiff({ containers: [{ ...main, args: before }] }, { containers: [{ ...main, args: after }] });
  return lines
    .slice(
      lines.findIndex((line) => line.includes('Args:')),
      lines.findIndex((line) => line.includes('WorkingDir:')),
    )
    .map((line) => line.slice(5));
};

describe('a difference, as a real 1.33 prints it,', () => {
  test('goes on inside what has several parts, and shortens what is the same', () => {
    const env = [{ name: 'A', value: '1' }];
    expect(podDiff({ containers: [{ ...main, env }, side] }, { containers: [{ ...main, env: [{ name: 'A', value: '2' }] }, side] })).toEqual([
      '  core.PodSpec{',
      '  \tVolumes:        nil,',
      '  \tInitContainers: nil,',
      '  \tContainers: []core.Container{',
      '  \t\t{',
      '  \t\t\t... // 5 identical fields',
      '  \t\t\tPorts:   nil,',
      '  \t\t\tEnvFrom: nil,',
      '  \t\t\tEnv: []core.EnvVar{',
      '  \t\t\t\t{',
      '  \t\t\t\t\tName:      "A",',
      '- \t\t\t\t\tValue:     "1",',
      '+ \t\t\t\t\tValue:     "2",',
      '  \t\t\t\t\tValueFrom: nil,',
      '  \t\t\t\t},',
      '  \t\t\t},',
      '  \t\t\tResources:    {},',
      '  \t\t\tResizePolicy: nil,',
      '  \t\t\t... // 14 identical fields',
      '  \t\t},',
      '  \t\t{Name: "side", Image: "busybox", Command: {"sh", "-c", "sleep 1000"}},',
      '  \t},',
      '  \tEphemeralContainers: nil,',
      '  \tRestartPolicy:       "",',
      '  \t... // 29 identical fields',
      '  }',
      '',
    ]);
  });

  test('shows what came with its types, over several lines where it is long', () => {
    const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { a: 'b' } } };
    const lines = podDiff(
      { containers: [main] },
      { containers: [main], nodeSelector: { disk: 'ssd' }, hostNetwork: true, topologySpreadConstraints: [spread] },
    );
    expect(lines.filter((line) => /^[-+]/.test(line))).toEqual([
      '- \tNodeSelector:                 nil,',
      '+ \tNodeSelector:                 map[string]string{"disk": "ssd"},',
      '- \t\tHostNetwork: false,',
      '+ \t\tHostNetwork: true,',
      '- \tTopologySpreadConstraints: nil,',
      '+ \tTopologySpreadConstraints: []core.TopologySpreadConstraint{',
      '+ \t\t{',
      '+ \t\t\tMaxSkew:           1,',
      '+ \t\t\tTopologyKey:       "zone",',
      '+ \t\t\tWhenUnsatisfiable: "DoNotSchedule",',
      '+ \t\t\tLabelSelector:     s"&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpress"...,',
      '+ \t\t},',
      '+ \t},',
    ]);
  });

  test('knows ports that are numbers or names, and quantities as the structs they are', () => {
    const probe = (port: number | string) => ({ containers: [{ ...main, livenessProbe: { httpGet: { port } } }] });
    expect(podDiff(probe('http'), probe(80)).filter((line) => /^[-+]/.test(line))).toEqual([
      '- \t\t\t\t\t\t\tType:   1,',
      '+ \t\t\t\t\t\t\tType:   0,',
      '- \t\t\t\t\t\t\tIntVal: 0,',
      '+ \t\t\t\t\t\t\tIntVal: 80,',
      '- \t\t\t\t\t\t\tStrVal: "http",',
      '+ \t\t\t\t\t\t\tStrVal: "",',
    ]);
    const limited = (limits?: object) => ({ containers: [{ ...main, resources: { limits } }] });
    expect(podDiff(limited(), limited({ cpu: '500m', memory: '1Gi' })).filter((line) => /^[-+]/.test(line))).toEqual([
      '- \t\t\t\tLimits: nil,',
      '+ \t\t\t\tLimits: core.ResourceList{',
      '+ \t\t\t\t\ts"cpu":    {i: resource.int64Amount{value: 500, scale: -3}, s: "500m", Format: "DecimalSI"},',
      '+ \t\t\t\t\ts"memory": {i: resource.int64Amount{value: 1073741824}, s: "1Gi", Format: "BinarySI"},',
      '+ \t\t\t\t},',
    ]);
  });

  test('takes long texts to pieces, and those of several lines to lines', () => {
    const wait = (name: string): string => `until nslookup ${name}; do echo waiting for ${name}; sleep 2; done`;
    expect(argumentDiff(['-c', wait('myservice')], ['-c', wait('mydb')])).toEqual([
      'Args: []string{',
      '\t"-c",',
      '\tstrings.Join({',
      '\t\t"until nslookup my",',
      '\t\t"service",',
      '\t\t"db",',
      '\t\t"; do echo waiting for my",',
      '\t\t"service",',
      '\t\t"db",',
      '\t\t"; sleep 2; done",',
      '\t}, ""),',
      '},',
    ]);
    const lines = (third: string): string => `line 1\nline 2\n${third}\nline 4\nline 5\n`;
    expect(argumentDiff(['-c', lines('line 3')], ['-c', lines('line x')])).toEqual([
      'Args: []string{',
      '\t"-c",',
      '\t(',
      '\t\t"""',
      '\t\tline 1',
      '\t\tline 2',
      '\t\tline 3',
      '\t\tline x',
      '\t\tline 4',
      '\t\tline 5',
      '\t\t"""',
      '\t),',
      '},',
    ]);
  });

  test('sorts the keys of maps, and leaves out types of lists that have not changed', () => {
    const before = {
      accessModes: ['ReadWriteOnce'],
      selector: { matchLabels: { x: 'y' } },
      resources: { requests: { storage: '1Gi', 'example.com/things': '5' } },
      volumeName: 'a',
    };
    const claim = (after: object) => goDiff(coreTypes(), 'core.PersistentVolumeClaimSpec', before, { ...before, ...after }).split('\n');
    expect(claim({ volumeName: 'b' })).toEqual([
      '  core.PersistentVolumeClaimSpec{',
      '  \tAccessModes:      {"ReadWriteOnce"},',
      '  \tSelector:         &{MatchLabels: {"x": "y"}},',
      '  \tResources:        {Requests: {s"example.com/things": {i: {...}, s: "5", Format: "DecimalSI"}, s"storage": {i: {...}, s: "1Gi", Format: "BinarySI"}}},',
      '- \tVolumeName:       "a",',
      '+ \tVolumeName:       "b",',
      '  \tStorageClassName: nil,',
      '  \tVolumeMode:       nil,',
      '  \t... // 3 identical fields',
      '  }',
      '',
    ]);
    expect(claim({ accessModes: ['ReadOnlyMany'] })).toContain('- \tAccessModes: []core.PersistentVolumeAccessMode{"ReadWriteOnce"},');
  });
});

test('an edit script leads from one list to the other, whatever they are', () => {
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 500; round += 1) {
    const [before, after] = [0, 1].map(() => Array.from({ length: random(12) }, () => 'abcd'[random(4)]!)) as [string[], string[]];
    const edits = editScript(before.length, after.length, (i, j) => (before[i] === after[j] ? 'equal' : 'different'));
    let [i, j] = [0, 0];
    const made = edits.flatMap((edit) => {
      if (edit === '-') return before.slice(i, ++i).slice(1);
      if (edit === '=') expect(before[i++]).toBe(after[j]);
      return [after[j++]!];
    });
    expect([made, i]).toEqual([after, before.length]);
    if (before.join() === after.join()) expect(new Set(edits)).toEqual(new Set(before.length > 0 ? ['='] : []));
  }
});
