<?php
/**
 * Fault: a plugin filters the REST answers of every post, and gives fields other types.
 */

add_filter(
	'rest_prepare_post',
	static function ( WP_REST_Response $response ) {
		$data                   = $response->get_data();
		$data['featured_media'] = false;
		$data['author']         = null;
		$data['title']          = array( 'rendered' => 'no raw' );
		$data['excerpt']        = false;
		$data['date_gmt']       = '0000-00-00T00:00:00';
		$data['modified_gmt']   = '0000-00-00T00:00:00';
		$response->set_data( $data );
		return $response;
	}
);
