const pod = (name: string, container: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', ...container }] },
});

const script = (text: string): object => ({ image: 'busybox', command: ['sh', '-c', text] });

/** What the checks talk to. */
export const pods: string = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    pod('box', script('sleep 1000000')),
    pod('web', { image: 'nginx', ports: [{ containerPort: 80 }] }),
    // Counts what it gets on each connection. Its open stdin keeps nc from closing its half, which ends a forwarded connection.
    pod('sink', { ...script('while true; do nc -l -p 9000 | wc -c > /tmp/count; mv /tmp/count /tmp/got; done'), stdin: true }),
    pod('debugged', script('sleep 1000000')),
    pod('ticker', script('n=0; while true; do n=$((n+1)); echo tick $n; sleep 5; done')),
    pod('shell', { image: 'busybox', command: ['sh'], stdin: true, tty: true }),
  ],
});
