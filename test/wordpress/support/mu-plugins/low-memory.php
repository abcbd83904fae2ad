<?php
/**
 * Fault: the host gives PHP so little memory that a page of large posts does not fit.
 */

ini_set( 'memory_limit', '64M' );
