export * from './values';
export * from './paint';
export * from './node';
export { expand, variantOf } from './expand';
