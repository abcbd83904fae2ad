<?php
/**
 * Fault: a plugin closes the REST API. Real plugins close it to visitors, this plugin closes it to everyone.
 */

add_filter(
	'rest_authentication_errors',
	static function ( $result ) {
		return is_wp_error( $result ) ? $result : new WP_Error( 'rest_cannot_access', 'Only authenticated users can access the REST API.', array( 'status' => 401 ) );
	},
	99
);
