// The names that translated code uses without declaring them. An environment (environment.mjs) has each.
export const OPERATOR_NAMES = (
  'add addTo subtract multiply divide remainder power negate plus not shiftLeft shiftRight bitAnd bitOr bitXor ' +
  'equal unequal less atMost greater atLeast same truth'
).split(' ');

export const MEMBER_NAMES = 'index setIndex isIn inCase makeRange rangeEnd iterate'.split(' ');

export const PRELUDE_NAMES = [
  ...OPERATOR_NAMES,
  ...MEMBER_NAMES,
  ...'Float Char own display property setProperty self'.split(' '),
  ...'positions native method define defineFor closure pointer curry callPointer callMethod callVariable callModule'.split(' '),
  ...'globals globalConstant moduleVariable scriptConstant missing constantFault isVariable isFunction'.split(' '),
  ...'importModule exportModule exportValue thrown caught tooDeep MAX_DEPTH'.split(' '),
];
