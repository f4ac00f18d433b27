export { type Load, type MeasuredServer, measureLoad } from './measure.ts';
export { type Sample, readSamples, recordSample, usualLoad } from './samples.ts';
