import type { Syscall } from '../kernel/types.ts';
import { run } from './execute.ts';
import { expandPattern, expandText, expandWords, matches } from './expand.ts';
import { patternOf } from './pattern.ts';
import type { Flow, Shell } from './shell.ts';
import type { ListNode, SyntaxNode } from './syntax.ts';

/** Runs one kind of compound command; see `run`. */
export function* runAndOr(shell: Shell, node: Extract<SyntaxNode, { kind: 'and-or' }>, last: boolean): Syscall<void> {
  const end = node.commands.length - 1;
  for (let i = 0; i <= end; i += 1) {
    const operator = node.operators[i - 1];
    if (i > 0 && (operator === '&&') !== (shell.status === 0)) continue;
    if (i < end) shell.tested += 1;
    try {
      yield* run(shell, node.commands[i] as SyntaxNode, last && i === end);
    } finally {
      if (i < end) shell.tested -= 1;
    }
    if (shell.flow) return;
  }
}

function* runTest(shell: Shell, test: ListNode): Syscall<boolean> {
  shell.tested += 1;
  try {
    yield* run(shell, test);
  } finally {
    shell.tested -= 1;
  }
  return shell.status === 0;
}

/** Runs one kind of compound command; see `run`. */
export function* runIf(shell: Shell, node: Extract<SyntaxNode, { kind: 'if' }>, last: boolean): Syscall<void> {
  for (const { test, body } of node.branches) {
    const passed = yield* runTest(shell, test);
    if (shell.flow) return;
    if (passed) return yield* run(shell, body, last);
  }
  if (node.otherwise) yield* run(shell, node.otherwise, last);
  else shell.status = 0;
}

/** Runs one kind of compound command; see `run`. */
export function* runWhile(shell: Shell, node: Extract<SyntaxNode, { kind: 'while' }>): Syscall<void> {
  let status = 0;
  shell.loopDepth += 1;
  try {
    for (;;) {
      yield* shell.process.step();
      const passed = yield* runTest(shell, node.test);
      if (leavesLoop(shell)) break;
      if (passed === node.until) break;
      yield* run(shell, node.body);
      status = shell.status;
      if (leavesLoop(shell)) break;
    }
  } finally {
    shell.loopDepth -= 1;
  }
  if (!shell.flow) shell.status = status;
}

/** Runs one kind of compound command; see `run`. */
export function* runFor(shell: Shell, node: Extract<SyntaxNode, { kind: 'for' }>): Syscall<void> {
  const words = node.words ? yield* expandWords(shell, node.words) : [...shell.parameters];
  shell.status = 0;
  shell.loopDepth += 1;
  try {
    for (const word of words) {
      yield* shell.process.step();
      shell.set(node.name, word);
      yield* run(shell, node.body);
      if (leavesLoop(shell)) break;
    }
  } finally {
    shell.loopDepth -= 1;
  }
}

/** Whether the loop ends here; takes its own share of `break 2` and `continue 2`. */
function leavesLoop(shell: Shell): boolean {
  const flow: Flow | undefined = shell.flow;
  if (!flow) return false;
  if (flow.kind !== 'break' && flow.kind !== 'continue') return true;
  if (flow.count > 1) {
    shell.flow = { kind: flow.kind, count: flow.count - 1 };
    return true;
  }
  shell.flow = undefined;
  return flow.kind === 'break';
}

/** Runs one kind of compound command; see `run`. */
export function* runCase(shell: Shell, node: Extract<SyntaxNode, { kind: 'case' }>, last: boolean): Syscall<void> {
  const text = yield* expandText(shell, node.word);
  let falling = false;
  const status = shell.status;
  shell.status = 0;
  for (const { patterns, body, fallThrough } of node.items) {
    if (!falling) {
      let selected = false;
      for (const pattern of patterns) {
        if (yield* matches(shell, patternOf(yield* expandPattern(shell, pattern)), text)) {
          selected = true;
          break;
        }
      }
      if (!selected) continue;
      shell.status = status;
      if (body.items.length === 0) shell.status = 0;
    }
    yield* run(shell, body, last && !fallThrough);
    if (!fallThrough || shell.flow) return;
    falling = true;
  }
}
