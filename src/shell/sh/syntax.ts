/** The shell's own syntax tree: what `parser.ts` makes of a script and `execute.ts` runs. */
export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'parameter';
      readonly name: string;
      readonly quoted: boolean;
      readonly length: boolean;
      readonly operation?: ParameterOperation | undefined;
    }
  /** Quoted text that each shell reads in its own way. */
  | { readonly kind: 'flavoured'; readonly ash: string; readonly dash: string; readonly bash: string; readonly quoted: true }
  | { readonly kind: 'command'; readonly script: ListNode; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly parts: readonly Part[]; readonly quoted: boolean };

export type ParameterOperation =
  | { readonly type: 'default'; readonly operator: string; readonly word: Word }
  | { readonly type: 'remove'; readonly operator: string; readonly word: Word }
  | { readonly type: 'replace'; readonly operator: string; readonly pattern: Word; readonly word: Word }
  | { readonly type: 'slice'; readonly offset: Word; readonly length: Word | undefined }
  | { readonly type: 'bad'; readonly text: string };

export interface Word {
  readonly parts: readonly Part[];
  /** Set if the word never changes: no expansion, no pattern, no tilde. */
  readonly constant?: string | undefined;
  /** The word as it was written, if it has braces: bash makes several words of it. */
  readonly braces?: string | undefined;
}

export interface Redirection {
  readonly fd: number;
  readonly operator: '<' | '>' | '>>' | '<>' | '>|' | '<&' | '>&' | '<<';
  readonly target: Word;
  /** `&>`: standard error goes along. */
  readonly both: boolean;
}

export interface SimpleNode {
  readonly kind: 'simple';
  /** As it was written: what `jobs` shows. */
  readonly text: string;
  readonly line: number;
  readonly assignments: readonly { readonly name: string; readonly word: Word; readonly append: boolean }[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly { readonly node: SyntaxNode; readonly background: boolean; readonly text: string }[];
}

export type SyntaxNode =
  | SimpleNode
  | ListNode
  | { readonly kind: 'pipeline'; readonly commands: readonly SyntaxNode[]; readonly negated: boolean; readonly timed: boolean; readonly text: string }
  | { readonly kind: 'and-or'; readonly commands: readonly SyntaxNode[]; readonly operators: readonly ('&&' | '||')[] }
  | { readonly kind: 'if'; readonly branches: readonly { readonly test: ListNode; readonly body: ListNode }[]; readonly otherwise: ListNode | undefined }
  | { readonly kind: 'while'; readonly until: boolean; readonly test: ListNode; readonly body: ListNode }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[] | undefined; readonly body: ListNode }
  | {
      readonly kind: 'case';
      readonly word: Word;
      readonly items: readonly { readonly patterns: readonly Word[]; readonly body: ListNode; readonly fallThrough: boolean }[];
    }
  | { readonly kind: 'subshell'; readonly body: ListNode; readonly text: string }
  | { readonly kind: 'arithmetic'; readonly text: string; readonly parts: readonly Part[] }
  | { readonly kind: 'function'; readonly name: string; readonly body: SyntaxNode }
  | { readonly kind: 'redirected'; readonly node: SyntaxNode; readonly redirections: readonly Redirection[] };

export class SyntaxProblem extends Error {
  constructor(
    message: string,
    readonly line: number,
    /** More input could complete the script: an open quote, block or here-document. */
    readonly incomplete: boolean,
  ) {
    super(message);
    this.name = 'SyntaxProblem';
  }
}
