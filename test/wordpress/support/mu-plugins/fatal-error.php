<?php
/**
 * Fault: a plugin breaks every REST request. WordPress answers 500 with its "critical error".
 */

add_action(
	'rest_api_init',
	static function () {
		throw new Error( 'Broken for a test' );
	}
);
