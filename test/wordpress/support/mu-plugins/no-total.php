<?php
/**
 * A proxy that lets no header of WordPress's own through.
 */

add_filter(
	'rest_post_dispatch',
	static function ( $response ) {
		$headers = $response->get_headers();
		unset( $headers['X-WP-Total'], $headers['X-WP-TotalPages'] );
		$response->set_headers( $headers );
		return $response;
	},
	99
);
