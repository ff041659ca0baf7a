import { exec } from './support/container-client.ts';
import { latencies, lower, median, pause, type Question, type Row, time } from './support/measure.ts';
import type { BenchServer } from './support/server.ts';
import { withUsableServer } from './support/usable.ts';
import { createToReady, deploymentToReady, podSpec, podsPath, pullEverywhere, shell } from './support/workloads.ts';

/** One container of each: what it takes without end, if it is let. */
const scripts: Readonly<Record<string, string>> = {
  processor: 'while :; do :; done',
  processes: 'b() { b | b & }; b; sleep 1000000',
  output: 'yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  memory: 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done',
  disk: 'while :; do dd if=/dev/urandom of=/f bs=100M count=100; rm /f; done',
  files: 'mkdir /d; cd /d; while :; do touch $(seq $((n * 500)) $((n * 500 + 499))) || { ls -l > /dev/null; sleep 1; }; n=$((n + 1)); done',
  expressions: "yes | tr -d '\\n' | head -c 8M | sed -E 's/(y|yy)+x/z/g'",
  lines: "while :; do seq 1 300000 | sort -r | awk '{ n[$1 % 1000] += $1 } END { for (i in n) s += n[i]; print s }'; done",
};
const quiet = 'quiet';
const listed = { all: 500, quick: 50 };

/** What do containers that are made to hurt cost the others? */
export const hostile: Question = {
  name: 'hostile',
  about: 'latency of the API and memory while one container each takes all the processor, processes, output, memory and disk it can get',
  run: ({ quick }) =>
    withUsableServer(['--nodes', '8'], async (server) => {
      await pullEverywhere(server);
      await createToReady(server, quiet, podSpec([shell('main', 'sleep 1000000')]));
      await deploymentToReady(server, 'listed', quick ? listed.quick : listed.all, [shell('main', 'sleep 1000000')]);
      await measure(server, 20);
      const rows = latencyRows('before', await measure(server, quick ? 50 : 500));
      // Nobody waits until they are Ready: some end sooner.
      for (const [name, script] of Object.entries(scripts))
        await server.api.json('POST', podsPath, { metadata: { name }, spec: podSpec([shell('main', script)]) });
      const ends = quick ? [5, 10] : [60, 120, 180, 240, 300];
      const began = performance.now();
      for (const [index, seconds] of ends.entries()) {
        const most = await mostResident(server, began + seconds * 1000);
        rows.push(lower(`resident memory at most, ${ends[index - 1] ?? 0} to ${seconds} s`, most, 'MiB'));
        if (index === 0) rows.push(...latencyRows('meanwhile', await measure(server, quick ? 50 : 500)));
      }
      return rows;
    }),
};

interface Times {
  readonly gets: number[];
  readonly lists: number[];
  readonly execs: number[];
}

async function measure({ api, target }: BenchServer, count: number): Promise<Times> {
  const times: Times = { gets: [], lists: [], execs: [] };
  for (let i = 0; i < count; i += 1) {
    times.gets.push(await time(() => api.json('GET', `${podsPath}/${quiet}`)));
    if (i % 5 === 0) times.lists.push(await time(() => api.json('GET', `${podsPath}?labelSelector=app%3Dlisted`)));
    if (i % 10 === 0) times.execs.push(await time(() => exec(target, quiet, ['true'])));
  }
  return times;
}

function latencyRows(when: string, { gets, lists, execs }: Times): Row[] {
  const row = (name: string, all: readonly number[]) => lower(`${name}, ${when}`, median(all), 'ms', { ...latencies(all), all });
  return [row('get a pod', gets), row('list of its neighbours', lists), row('exec of `true`', execs)];
}

/** The most that the server takes of the machine's memory until then, looked at five times a second. */
async function mostResident(server: BenchServer, until: number): Promise<number> {
  let most = server.residentMib();
  while (performance.now() < until) {
    await pause(200);
    most = Math.max(most, server.residentMib());
  }
  return most;
}
