"use strict";
const enum = 1;
