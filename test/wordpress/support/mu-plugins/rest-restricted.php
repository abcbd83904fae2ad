<?php
/**
 * Fault: what plugins that close the REST API to visitors do, here to everyone.
 */

add_filter(
	'rest_authentication_errors',
	static function ( $result ) {
		return is_wp_error( $result ) ? $result : new WP_Error( 'rest_cannot_access', 'Only authenticated users can access the REST API.', array( 'status' => 401 ) );
	},
	99
);
