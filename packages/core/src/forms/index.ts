export {
  type Answers,
  checkValue,
  complete,
  type FieldError,
  isVisible,
  offering,
  parseAnswer,
  startValue,
} from './answers.ts';
export { ask, type QuestionStreams } from './ask.ts';
export { type Field, type Form, ranges, readForm } from './definition.ts';
export { formOfSchema, nestedValues } from './of-schema.ts';
export { askForm, askIfRight, type FormStyle } from './terminal.ts';
