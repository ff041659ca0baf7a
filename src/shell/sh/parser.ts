import type * as Tree from 'unbash';
import { parse } from 'unbash';
import { SystemError } from '../kernel/types.ts';
import type { ListNode, ParameterOperation, Part, Redirection, SimpleNode, SyntaxNode, Word } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';

/**
 * Reads a script. The only file that knows the parser library: it reads all of Bash and tolerates mistakes, so
 * any error it reports is a syntax error here, and what sh does not know is put back as plain words.
 * Throws SyntaxProblem.
 */
export function parseScript(source: string, options: { readonly interactive?: boolean } = {}): ListNode {
  // Its tree takes some fifty times as much memory, and nothing else runs while it is made.
  if (source.length > sourceMax) throw new SystemError('ENOMEM');
  const known = cache.get(source);
  if (known && !options.interactive) return known;
  const list = new Compiler(source, options.interactive).script(parse(source), 0);
  if (cache.size >= 200) cache.clear();
  if (source.length < 4096) cache.set(source, list);
  return list;
}

/** The longest command; a script of many is read in parts. */
const sourceMax = 64 * 1024;

/** Scripts that loops and probes run again and again. Trees never change, so sharing them changes no behaviour. */
const cache = new Map<string, ListNode>();

class Compiler {
  readonly #lineStarts: number[] = [0];

  /** @param interactive more lines may come: a here-document without its end is incomplete */
  constructor(
    readonly source: string,
    readonly interactive = false,
  ) {
    for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) this.#lineStarts.push(i + 1);
  }

  script(script: Tree.ParsedScript, depth: number): ListNode {
    const error = script.errors?.[0];
    if (error) throw this.#problem(error.message, error.pos, depth);
    this.#checkEnd(script, depth);
    return this.#list(script.commands);
  }

  /** The parser stops in silence at a parenthesis that is opened at the very end. */
  #checkEnd(script: Tree.ParsedScript, depth: number): void {
    const last = script.commands.at(-1);
    if (depth > 0 || !last || !/^[ \t]*\(\s*$/.test(this.source.slice(last.end))) return;
    throw new SyntaxProblem('end of file unexpected (expecting ")")', this.#line(last.end), true);
  }

  #problem(message: string, pos: number, depth: number): SyntaxProblem {
    const incomplete = !message.startsWith('unexpected') && this.source.slice(pos).trim().length === 0;
    const open = /^unterminated/.test(message);
    return new SyntaxProblem(wordsFor(message), this.#line(pos), depth === 0 && (incomplete || open));
  }

  #line(pos: number): number {
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] as number) <= pos) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  #text({ pos, end }: { readonly pos: number; readonly end: number }): string {
    return this.source.slice(pos, end);
  }

  #list(statements: readonly Tree.Statement[]): ListNode {
    return {
      kind: 'list',
      items: statements.map((statement) => ({
        node: this.#node(statement.command),
        background: statement.background === true,
        text: this.source.slice(statement.pos, statement.end),
      })),
    };
  }

  #node(node: Tree.SyntaxNode | Tree.PipelineNode | Tree.AndOr): SyntaxNode {
    switch (node.type) {
      case 'Command':
        return this.#simple(node);
      case 'Pipeline':
        return {
          kind: 'pipeline',
          commands: node.commands.map((command, index) => (node.operators[index] === '|&' ? withStderr(this.#node(command)) : this.#node(command))),
          negated: this.#negations(node) === 1,
          timed: node.prefixes.some((prefix) => prefix.type === 'Time'),
          text: this.#text(node),
        };
      case 'AndOr':
        return { kind: 'and-or', commands: node.commands.map((command) => this.#node(command)), operators: node.operators };
      case 'If':
        return {
          kind: 'if',
          branches: [node, ...node.elif].map(({ clause, then }) => ({ test: this.#list(clause.commands), body: this.#list(then.commands) })),
          otherwise: node.else && this.#list(node.else.commands),
        };
      case 'While':
        return { kind: 'while', until: node.kind === 'until', test: this.#list(node.clause.commands), body: this.#list(node.body.commands) };
      case 'For':
        return { kind: 'for', name: node.name.value, words: node.wordlist?.map((word) => this.#word(word)), body: this.#list(node.body.commands) };
      case 'Case':
        return {
          kind: 'case',
          word: this.#word(node.word),
          items: node.items.map((item) => ({
            patterns: item.pattern.map((word) => this.#word(word)),
            body: this.#list(item.body.commands),
            fallThrough: item.terminator === ';&',
          })),
        };
      case 'Subshell':
        return { kind: 'subshell', body: this.#list(node.body.commands), text: this.#text(node) };
      case 'BraceGroup':
        return this.#list(node.body.commands);
      case 'CompoundList':
        return this.#list(node.commands);
      case 'Function':
        return { kind: 'function', name: node.name.value, body: this.#functionBody(node) };
      case 'Redirected':
        return { kind: 'redirected', node: this.#node(node.command), redirections: node.redirects.map((redirect) => this.#redirection(redirect)) };
      case 'ArithmeticCommand':
        return { kind: 'arithmetic', text: this.#text(node), parts: arithmeticParts(`$${this.#text(node)}`) };
      case 'TestCommand':
        return this.#testCommand(node);
      default:
        throw new SyntaxProblem(`${node.type} is not simulated`, this.#line(node.pos), false);
    }
  }

  #negations(node: Extract<Tree.PipelineNode, { type: 'Pipeline' }>): number {
    const count = node.prefixes.filter((prefix) => prefix.type === 'Negation').length;
    if (count > 1) throw new SyntaxProblem('"!" unexpected', this.#line(node.pos), false);
    if (count > 0 && node.commands.length === 0) throw new SyntaxProblem('end of file unexpected', this.#line(node.pos), false);
    return count;
  }

  #functionBody(node: Tree.Function): SyntaxNode {
    const body = this.#node(node.body as Tree.SyntaxNode);
    const redirects = (node as { redirects?: readonly Tree.Redirection[] }).redirects ?? [];
    return redirects.length === 0 ? body : { kind: 'redirected', node: body, redirections: redirects.map((redirect) => this.#redirection(redirect)) };
  }

  /** `[[ ... ]]` as a command of that name with its words, as busybox has it. */
  #testCommand(node: Tree.TestCommand): SyntaxNode {
    const text = this.source.slice(node.pos + 2, node.end - 2);
    const inner = parse(
      `: ${text
        .replaceAll('&&', '"-a"')
        .replaceAll('||', '"-o"')
        .replaceAll(/(?<=\s)[<>()](?=\s)/g, '\\$&')}`,
    ).commands[0]?.command;
    const words = inner?.type === 'Command' ? inner.args.map((argument) => new Compiler(`: ${text}`).#argument(argument)) : [];
    return {
      kind: 'simple',
      text: this.#text(node),
      line: this.#line(node.pos),
      assignments: [],
      words: [constantWord('[['), ...words.map(unsplit), constantWord(']]')],
      redirections: [],
    };
  }

  #simple(node: Tree.Command): SimpleNode {
    const redirections = node.redirects.map((redirect) => this.#redirection(redirect));
    const assignments = node.prefix.filter((item) => item.type === 'Assignment').map((item) => this.#assignment(item));
    const words = node.name ? [this.#word(node.name), ...node.args.map((argument) => this.#argument(argument))] : [];
    return { kind: 'simple', text: this.#text(node), line: this.#line(node.pos), assignments, words, redirections };
  }

  #assignment(item: Tree.Assignment) {
    if (item.value.type === 'ArrayValue' || item.index) throw new SyntaxProblem('"(" unexpected', this.#line(item.pos), false);
    return { name: item.name, word: tildeAfterColons(this.#word(item.value)), append: item.append === true };
  }

  /** Words after a declaration (`export a=b`) come as assignments; sh sees them as words, with a tilde after `=`. */
  #argument(item: Tree.CommandArgument): Word {
    if (item.type !== 'Assignment') return this.#word(item);
    if (item.value.type === 'ArrayValue') throw new SyntaxProblem('"(" unexpected', this.#line(item.pos), false);
    const name: Part = { kind: 'text', text: `${item.name}=`, quoted: true };
    const value = tildeAfterColons(this.#word(item.value));
    const parts = value.parts.map((part): Part => ({ ...part, quoted: true }));
    return value.constant === undefined ? { parts: [name, ...parts] } : constantWord(`${item.name}=${value.constant}`);
  }

  #redirection(redirect: Tree.Redirection): Redirection {
    const descriptor = redirect.descriptor?.type === 'FileDescriptor' ? redirect.descriptor.value : undefined;
    if (redirect.type === 'HereDoc') return { fd: descriptor ?? 0, operator: '<<', target: this.#hereDocument(redirect), both: false };
    if (redirect.type === 'HereString') {
      const word = redirect.target ? unsplit(this.#word(redirect.target)) : constantWord('');
      return { fd: descriptor ?? 0, operator: '<<', target: { parts: [...word.parts, { kind: 'text', text: '\n', quoted: true }] }, both: false };
    }
    const both = redirect.operator === '&>' || redirect.operator === '&>>';
    const operator = redirect.operator === '&>' ? '>' : redirect.operator === '&>>' ? '>>' : redirect.operator;
    const target = redirect.target ? this.#word(redirect.target) : constantWord('');
    return { fd: descriptor ?? (operator.startsWith('<') ? 0 : 1), operator, target, both };
  }

  /** The parts of a here-document's body. */
  hereParts(node: Tree.HereDoc): readonly Part[] {
    return this.#hereDocument(node).parts;
  }

  #hereDocument(node: Tree.HereDoc): Word {
    if (this.interactive && !node.closing) throw new SyntaxProblem('here-document unterminated', this.#line(node.pos), true);
    let { text } = node.body;
    if (node.operator === '<<-') text = text.replaceAll(/^\t+/gm, '');
    if (node.delimiter?.quoted) return constantWord(text);
    const parts = node.body.parts?.map((part) => this.#part(part, true)) ?? [{ kind: 'text', text: unescapeHere(text), quoted: true } as Part];
    if (node.operator === '<<-') return { parts: parts.flat().map((part, index) => stripTabs(part, index === 0)) };
    return wordOf(parts.flat());
  }

  #word(word: Tree.Word): Word {
    const parts = word.parts ? word.parts.flatMap((part) => this.#part(part, false)) : unquotedText(word.text);
    const made = wordOf(tildeFirst(parts));
    if (!word.parts?.some((part) => part.type === 'BraceExpansion')) return made;
    return { parts: made.parts, braces: this.#text(word) };
  }

  #part(part: Tree.WordPart, quoted: boolean): Part[] | Part {
    switch (part.type) {
      case 'Literal':
        return quoted ? { kind: 'text', text: part.value, quoted } : unquotedText(part.text);
      case 'SingleQuoted':
        return { kind: 'text', text: part.value, quoted: true };
      case 'AnsiCQuoted':
        return { kind: 'flavoured', ash: part.value, bash: part.value, dash: `$${part.text.slice(2, -1)}`, quoted: true };
      case 'LocaleString': {
        const dollar: Part = { kind: 'flavoured', ash: '$', dash: '$', bash: '', quoted: true };
        return [dollar, ...part.parts.flatMap((child) => this.#part(child, true))];
      }
      case 'DoubleQuoted': {
        const parts = part.parts.flatMap((child) => this.#part(child, true));
        return parts.length === 0 || parts.some(isAllArguments) ? [...parts, ...(parts.length === 0 ? [emptyQuoted] : [])] : parts;
      }
      case 'SimpleExpansion':
        return { kind: 'parameter', name: part.text.slice(1), quoted, length: false };
      case 'ParameterExpansion':
        return this.#parameter(part, quoted);
      case 'CommandExpansion':
        return { kind: 'command', script: part.script ? this.#nested(part.script) : { kind: 'list', items: [] }, quoted };
      case 'ArithmeticExpansion':
        return { kind: 'arithmetic', parts: arithmeticParts(part.text), quoted };
      case 'Glob':
        return part.kind === 'bracket' ? this.#bracket(part, quoted) : { kind: 'text', text: part.text, quoted };
      case 'BraceExpansion':
        // Brace expansion is not part of sh: the text stays, with what is quoted or expanded in it.
        return part.parts ? this.#around(part.pos, part.end, part.parts, quoted) : unquotedText(part.text);
      case 'ExtendedGlob':
        return part.parts ? this.#around(part.pos, part.end, part.parts, quoted) : unquotedText(part.text);
      default:
        throw new SyntaxProblem('"(" unexpected', this.#line(part.pos), false);
    }
  }

  #bracket(part: Tree.BracketGlobPart, quoted: boolean): Part[] {
    if (part.parts.every((child) => child.type === 'Literal')) return unquotedText(part.text);
    const inner = part.parts.flatMap((child) => this.#part(child, quoted));
    return [{ kind: 'text', text: '[', quoted: false }, ...inner, { kind: 'text', text: ']', quoted: false }];
  }

  /** Parts of a span, with the source text between them. */
  #around(pos: number, end: number, children: readonly Tree.WordPart[], quoted: boolean): Part[] {
    const parts: Part[] = [];
    let at = pos;
    for (const child of children) {
      if (child.pos > at) parts.push(...unquotedText(this.source.slice(at, child.pos)));
      parts.push(...[this.#part(child, quoted)].flat());
      at = child.end;
    }
    if (end > at) parts.push(...unquotedText(this.source.slice(at, end)));
    return parts;
  }

  #nested(script: Tree.ParsedScript): ListNode {
    const { source } = script as { source?: string };
    return (source === undefined ? this : new Compiler(source)).script(script, 1);
  }

  #parameter(part: Tree.ParameterExpansionPart, quoted: boolean): Part {
    const bad = { type: 'bad', text: part.text } as const;
    if (part.index || part.prefix === '!') return { kind: 'parameter', name: part.parameter, quoted, length: false, operation: bad };
    const operation = part.operation ? this.#operation(part.operation, part.text, quoted) : undefined;
    return { kind: 'parameter', name: part.parameter, quoted, length: part.prefix === '#', operation };
  }

  #operation(operation: Tree.ParameterOperation, text: string, quoted: boolean): ParameterOperation {
    switch (operation.type) {
      case 'Default':
        return { type: 'default', operator: operation.operator, word: this.#operand(operation.operand, quoted) };
      case 'Remove':
        return { type: 'remove', operator: operation.operator, word: this.#word(operation.operand) };
      case 'Replace':
        return { type: 'replace', operator: operation.operator, pattern: this.#word(operation.pattern), word: this.#word(operation.replacement) };
      case 'Slice':
        return { type: 'slice', offset: this.#word(operation.offset), length: operation.length && this.#word(operation.length) };
      default:
        return { type: 'bad', text };
    }
  }

  /** Inside double quotes, single quotes of `"${x:-'a'}"` are ordinary characters. */
  #operand(word: Tree.Word, quoted: boolean): Word {
    if (!quoted) return this.#word(word);
    const parts = word.parts ?? [];
    if (parts.length === 0) return constantWord(unescapeQuoted(word.text));
    return wordOf(
      parts.flatMap((part): Part[] | Part => {
        if (part.type === 'SingleQuoted') return { kind: 'text', text: part.text, quoted: true };
        if (part.type === 'Literal') return { kind: 'text', text: unescapeQuoted(part.text), quoted: true };
        return this.#part(part, true);
      }),
    );
  }
}

const emptyQuoted: Part = { kind: 'text', text: '', quoted: true };

function isAllArguments(part: Part): boolean {
  return part.kind === 'parameter' && part.name === '@';
}

export function constantWord(text: string): Word {
  return { parts: [{ kind: 'text', text, quoted: true }], constant: text };
}

function wordOf(parts: readonly Part[]): Word {
  let text = '';
  for (const part of parts) {
    if (part.kind !== 'text' || (!part.quoted && /[*?[\\]/.test(part.text))) return { parts };
    text += part.text;
  }
  return { parts, constant: text };
}

/** A word of which nothing is split or matched against files. */
function unsplit(word: Word): Word {
  return { ...word, parts: word.parts.map((part): Part => ({ ...part, quoted: true })) };
}

/** Text outside quotes: a backslash quotes the next character, and with a newline it vanishes. */
function unquotedText(text: string): Part[] {
  if (!text.includes('\\')) return text === '' ? [] : [{ kind: 'text', text, quoted: false }];
  const parts: Part[] = [];
  for (const match of text.matchAll(/\\\n|\\([\s\S])|([^\\]+)|\\$/g)) {
    if (match[0] === '\\\n') continue;
    if (match[1] !== undefined) parts.push({ kind: 'text', text: match[1], quoted: true });
    else parts.push({ kind: 'text', text: match[0], quoted: match[0] === '\\' });
  }
  return parts;
}

function unescapeQuoted(text: string): string {
  return text.replaceAll(/\\\n|\\([$`"\\}])/g, '$1');
}

function unescapeHere(text: string): string {
  return text.replaceAll(/\\\n|\\([$`\\])/g, '$1');
}

function stripTabs(part: Part, first: boolean): Part {
  if (part.kind !== 'text') return part;
  const text = part.text.replaceAll(/\n\t+/g, '\n');
  return { ...part, text: first ? text.replace(/^\t+/, '') : text };
}

/** `~` or `~name` at the start of a word becomes an expansion of its own. */
function tildeFirst(parts: Part[]): Part[] {
  const first = parts[0];
  if (first?.kind !== 'text' || first.quoted || !first.text.startsWith('~')) return parts;
  const match = /^~([A-Za-z0-9_.-]*)(?=\/|$)/.exec(first.text);
  if (!match || (match[0].length === first.text.length && parts.length > 1)) return parts;
  const rest = first.text.slice(match[0].length);
  return [tildePart(match[1] ?? ''), ...(rest ? [{ ...first, text: rest }] : []), ...parts.slice(1)];
}

/** In assignments a tilde also counts after a colon. */
function tildeAfterColons(word: Word): Word {
  if (!word.parts.some((part) => part.kind === 'text' && !part.quoted && part.text.includes(':~'))) return word;
  const parts = word.parts.flatMap((part): Part[] => {
    if (part.kind !== 'text' || part.quoted) return [part];
    return part.text.split(/(?<=:)(?=~)/).flatMap((piece) => tildeFirst([{ ...part, text: piece }]));
  });
  return { parts };
}

/** A home directory, as a parameter whose name no script can write. */
function tildePart(user: string): Part {
  return { kind: 'parameter', name: `~${user}`, quoted: true, length: false };
}

/** `$((...))` is read as text in double quotes would be, then evaluated. */
function arithmeticParts(text: string): readonly Part[] {
  const inner = text.startsWith('$((') ? text.slice(3, -2) : text.slice(2, -1);
  return hereText(inner);
}

/** Reads one word of a command line. Throws SyntaxProblem. */
export function parseWord(text: string): Word {
  const command = parseScript(`: ${text}`).items[0]?.node;
  return (command?.kind === 'simple' && command.words[1]) || constantWord('');
}

/** Reads text that is no script but is expanded, as between double quotes: a prompt. Throws SyntaxProblem. */
export function parseText(text: string): Word {
  const parts = hereText(text);
  const last = parts.at(-1);
  if (last?.kind !== 'text' || last.text === text || !last.text.endsWith('\n')) return { parts };
  return { parts: [...parts.slice(0, -1), { ...last, text: last.text.slice(0, -1) }] };
}

/** Text that is expanded but not split: a here-document has just these rules. Ends with a newline more if there was anything to expand. */
function hereText(inner: string): readonly Part[] {
  if (!/[$`\\]/.test(inner)) return [{ kind: 'text', text: inner, quoted: true }];
  let delimiter = 'END';
  while (inner.includes(delimiter)) delimiter += 'D';
  const source = `:<<${delimiter}\n${inner}\n${delimiter}\n`;
  const script = parse(source);
  const problem = script.errors?.[0];
  if (problem) throw new SyntaxProblem(wordsFor(problem.message), 1, false);
  const command = script.commands[0]?.command;
  const redirect = command?.type === 'Command' ? command.redirects[0] : undefined;
  if (redirect?.type !== 'HereDoc') return [{ kind: 'text', text: inner, quoted: true }];
  return new Compiler(source).hereParts(redirect);
}

function withStderr(node: SyntaxNode): SyntaxNode {
  return { kind: 'redirected', node, redirections: [{ fd: 2, operator: '>&', target: constantWord('1'), both: false }] };
}

/** The parser's message in dash's words. */
function wordsFor(message: string): string {
  if (message === 'unterminated single quote' || message === 'unterminated double quote') return 'Unterminated quoted string';
  const unexpected = /^unexpected token '(.*)'$/.exec(message);
  if (unexpected) return unexpected[1] === '\\n' ? 'newline unexpected' : `"${unexpected[1]}" unexpected`;
  const close = /^expected '(.*?)'(?: to close.*)?$/.exec(message);
  if (close) return `end of file unexpected (expecting "${close[1]}")`;
  return message;
}
