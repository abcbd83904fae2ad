/** Runs the content sync tests for every platform. */
import { describeContentSync } from './contentSuite.ts';
import { customDriver } from './customDriver.ts';
import { shopifyDriver } from './shopifyDriver.ts';
import { wordpressDriver } from './wordpressDriver.ts';

describeContentSync(wordpressDriver('connector'));
describeContentSync(wordpressDriver('password'));
describeContentSync(shopifyDriver('article'));
describeContentSync(shopifyDriver('product'));
describeContentSync(customDriver('page'));
describeContentSync(customDriver('cursor'));
