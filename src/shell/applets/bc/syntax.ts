/** What a bc program is made of. */
export type Expression =
  | { readonly type: 'number'; readonly text: string }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'element'; readonly name: string; readonly index: Expression }
  | { readonly type: 'register'; readonly name: 'scale' | 'ibase' | 'obase' | 'last' }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Argument[] }
  | { readonly type: 'builtin'; readonly name: 'length' | 'scale' | 'sqrt'; readonly value: Expression }
  | { readonly type: 'negate' | 'not'; readonly value: Expression }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'assign'; readonly operator: string; readonly target: Target; readonly value: Expression }
  | { readonly type: 'step'; readonly by: 1 | -1; readonly before: boolean; readonly target: Target };

export type Target = Extract<Expression, { type: 'variable' | 'element' | 'register' }>;
export type Argument = Expression | { readonly type: 'array'; readonly name: string };

export type Statement =
  | { readonly type: 'expression'; readonly value: Expression; readonly silent: boolean }
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'print'; readonly parts: readonly (Expression | { readonly type: 'string'; readonly text: string })[] }
  | { readonly type: 'if'; readonly condition: Expression; readonly then: Statement; readonly otherwise?: Statement | undefined }
  | { readonly type: 'while'; readonly condition: Expression; readonly body: Statement }
  | {
      readonly type: 'for';
      readonly first?: Expression | undefined;
      readonly condition?: Expression | undefined;
      readonly next?: Expression | undefined;
      readonly body: Statement;
    }
  | { readonly type: 'block'; readonly body: readonly Statement[] }
  | { readonly type: 'return'; readonly value?: Expression | undefined }
  | { readonly type: 'define'; readonly function: FunctionDefinition }
  | { readonly type: 'break' | 'continue' | 'quit' | 'halt' };

export interface Name {
  readonly name: string;
  readonly isArray: boolean;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly parameters: readonly Name[];
  readonly locals: readonly Name[];
  readonly body: readonly Statement[];
}
