<?php
/**
 * Fault: a plugin closes the REST API to everyone who is not signed in, as Password Protected and Disable REST API
 * do. Like the former, it also hides the refusals of plugins that come before.
 */

add_filter(
	'rest_authentication_errors',
	static function ( $result ) {
		return is_user_logged_in() ? $result : new WP_Error( 'rest_cannot_access', 'Only authenticated users can access the REST API.', array( 'status' => 401 ) );
	}
);
